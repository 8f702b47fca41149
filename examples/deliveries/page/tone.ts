/** The colour of a state, as its badge wears it. */
export function toneOf(state: string): '' | 'good' | 'warn' | 'bad' | 'cool' | 'accent' {
  switch (state) {
    case 'ENTREGADO':
    case 'CONVERTIDA':
    case 'Disponible':
      return 'good'
    case 'EN_CAMINO':
    case 'En Ruta':
      return 'accent'
    case 'ASIGNADA':
    case 'APROBADA':
      return 'cool'
    case 'RECHAZADA':
      return 'bad'
    case 'PENDIENTE':
      return 'warn'
    default:
      return ''
  }
}

/** What a person does to bring an entity there. */
export function verbOf(state: string): string {
  return verbs[state] ?? state
}

const verbs: Readonly<Record<string, string>> = {
  PROGRAMADO: 'Volver a programar',
  ASIGNADA: 'Asignar vehículo',
  EN_CAMINO: 'Salir en camino',
  ENTREGADO: 'Entregar',
  APROBADA: 'Aprobar',
  RECHAZADA: 'Rechazar',
  CONVERTIDA: 'Convertir en entrega',
  Disponible: 'Marcar disponible',
  'En Ruta': 'Marcar en ruta',
}
