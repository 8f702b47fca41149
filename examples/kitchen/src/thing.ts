import type { Branch } from './branches.ts'

export const kinds = ['comprobante', 'pedido', 'alerta', 'reposicion'] as const

export type Kind = (typeof kinds)[number]

export const priorities = ['normal', 'alta', 'urgente'] as const

export type Priority = (typeof priorities)[number]

/** What a branch works with, as the service holds it and as its events carry it. */
export interface Thing {
  readonly kind: Kind
  readonly id: string
  readonly branch: Branch
  /**
   * comprobante: NUEVO, APROBADO, RECHAZADO; pedido: PENDIENTE, EN_PREPARACION, LISTO, ENTREGADO,
   * RECHAZADO; alerta: SIN_LEER, LEIDA; reposicion: PEDIDA, ATENDIDA.
   */
  readonly state: string
  /** Grows by one with each change. */
  readonly version: number
  /** Since when it is in this state, RFC 3339. */
  readonly since: string
  /** Who brought it there. */
  readonly by: string
  readonly details: Details
}

export interface Details {
  /** Of a comprobante and its pedido. */
  readonly customer?: string
  readonly items?: string
  readonly amount?: string
  /** Of a comprobante: the id of its pedido, and why it was rejected. */
  readonly order?: string
  readonly reason?: string
  /** Of an alerta. */
  readonly text?: string
  readonly priority?: Priority
  /** Of a reposicion. */
  readonly product?: string
  readonly quantity?: number
}

/** Where things end: nobody has anything more to do with them. */
export const finishedStates: readonly string[] = ['APROBADO', 'RECHAZADO', 'ENTREGADO', 'LEIDA', 'ATENDIDA']

/** What a person does. The id is the person's page's: an action that comes twice is done once. */
export type Action = { readonly id: string } & (
  | { readonly act: 'aprobar'; readonly target: string }
  | { readonly act: 'rechazar'; readonly target: string; readonly reason: string }
  | { readonly act: 'terminar'; readonly target: string }
  | { readonly act: 'entregar'; readonly target: string }
  | { readonly act: 'leer'; readonly target: string }
  | { readonly act: 'atender'; readonly target: string }
  | { readonly act: 'pedir'; readonly branch: string; readonly product: string; readonly quantity: number }
  | { readonly act: 'alertar'; readonly branch: string; readonly text: string; readonly priority: Priority }
)

/** What each act on a thing needs, and where it leads. */
export const steps = {
  aprobar: { kind: 'comprobante', from: 'NUEVO', to: 'APROBADO' },
  rechazar: { kind: 'comprobante', from: 'NUEVO', to: 'RECHAZADO' },
  terminar: { kind: 'pedido', from: 'EN_PREPARACION', to: 'LISTO' },
  entregar: { kind: 'pedido', from: 'LISTO', to: 'ENTREGADO' },
  leer: { kind: 'alerta', from: 'SIN_LEER', to: 'LEIDA' },
  atender: { kind: 'reposicion', from: 'PEDIDA', to: 'ATENDIDA' },
} as const
