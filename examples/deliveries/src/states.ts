/** What there is, as `StateChange.category` names it. */
export const categories = ['entrega', 'proforma', 'vehiculo'] as const

export type Category = (typeof categories)[number]

interface Kind {
  readonly title: string
  /** One of them, in words. */
  readonly one: string
  /** The states in their order, each with where it may go; the first is that of what is new. */
  readonly next: Readonly<Record<string, readonly string[]>>
}

export const kinds: Readonly<Record<Category, Kind>> = {
  entrega: {
    title: 'Entregas',
    one: 'entrega',
    next: {
      PROGRAMADO: ['ASIGNADA'],
      ASIGNADA: ['EN_CAMINO', 'PROGRAMADO'],
      EN_CAMINO: ['ENTREGADO'],
      ENTREGADO: [],
    },
  },
  proforma: {
    title: 'Proformas',
    one: 'proforma',
    next: { PENDIENTE: ['APROBADA', 'RECHAZADA'], APROBADA: ['CONVERTIDA'], RECHAZADA: [], CONVERTIDA: [] },
  },
  vehiculo: { title: 'Vehículos', one: 'vehículo', next: { Disponible: ['En Ruta'], 'En Ruta': ['Disponible'] } },
}

export function isCategory(text: string): text is Category {
  return (categories as readonly string[]).includes(text)
}

export function statesOf(category: Category): readonly string[] {
  return Object.keys(kinds[category].next)
}

/** Where an entity may go from a state. */
export function nextStates(category: Category, state: string): readonly string[] {
  return kinds[category].next[state] ?? []
}

/** A state as a person reads it. */
export function stateWord(state: string): string {
  return words[state] ?? state
}

const words: Readonly<Record<string, string>> = {
  PROGRAMADO: 'Programada',
  ASIGNADA: 'Asignada',
  EN_CAMINO: 'En camino',
  ENTREGADO: 'Entregada',
  PENDIENTE: 'Pendiente',
  APROBADA: 'Aprobada',
  RECHAZADA: 'Rechazada',
  CONVERTIDA: 'Convertida',
  'En Ruta': 'En ruta',
}

/** An entity as the service holds it, and as the page shows it. */
export interface Entity {
  readonly category: Category
  readonly id: string
  readonly name: string
  readonly state: string
  /** Grows by one with each change; who changes an entity says which version was seen. */
  readonly version: number
  /** Of an entrega that is assigned. */
  readonly vehicle: string | null
  readonly changedBy: string
  /** RFC 3339. */
  readonly changedAt: string
}
