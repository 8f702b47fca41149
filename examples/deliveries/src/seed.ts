import { seeded } from '../../backend/src/seeded.ts'
import type { EntityStore } from './entity-store.ts'

/** What there is at the first start: vehicles, and some orders that wait. */
export async function seedEntities(store: EntityStore): Promise<void> {
  if ((await store.list('vehiculo')).length > 0) return
  const random = seeded(process.env.DEMO_SEED ?? '1')
  const name = (): string => customerName(random)
  for (const plate of ['Furgón ABX-214', 'Furgón CRK-870', 'Moto M2-4471', 'Camión BTT-093', 'Moto M7-1180']) {
    await store.create('vehiculo', plate, 'Almacén')
  }
  for (let i = 0; i < 6; i++) await store.create('entrega', name(), 'Almacén')
  for (let i = 0; i < 6; i++) await store.create('proforma', name(), 'Ventas')
}

/** A customer as such a business has them. */
export function customerName(random: () => number): string {
  const of = (list: readonly string[]): string => list[Math.floor(random() * list.length)] ?? ''
  return `${of(['Bodega', 'Panadería', 'Restaurante', 'Farmacia', 'Ferretería', 'Librería'])} ${of([
    'Santa Rosa',
    'El Olivo',
    'Los Andes',
    'La Estrella',
    'San Martín',
    'Miraflores',
    'Don Julio',
    'La Colmena',
  ])}`
}
