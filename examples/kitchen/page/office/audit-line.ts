import type { HistoryItem } from '@weir/client'
import { kinds, type Thing } from '../../src/thing.ts'
import { aboutOf } from '../words.ts'

/** One audited event: who did what with what, and where. */
export interface AuditLine {
  readonly key: string
  /** Its place in the stream. */
  readonly seq: number
  readonly at: number
  readonly user: string
  readonly branch: string
  readonly entity: string
  readonly state: string
  /** What the entity is about. */
  readonly about: string
  /** It was read from Postgres; else it came live. */
  readonly isStored: boolean
}

/** What people did; the messages of WhatsApp themselves are not among it. */
export const audited: readonly string[] = kinds.map((kind) => `kitchen.*.${kind}.*`)

export function auditLine({ event, subject, seq, data }: HistoryItem, isStored: boolean): AuditLine {
  const { usuario = '', sucursal = '', entidad = subject, estado = '' } = event.labels
  const at = event.time === undefined ? Date.now() : Number(event.time.seconds) * 1000 + event.time.nanos / 1e6
  // One id may stand under two subjects (docs/decisions/0018).
  return {
    key: `${subject} ${event.id}`,
    seq,
    at,
    user: usuario,
    branch: sucursal,
    entity: entidad,
    state: estado,
    about: data === undefined ? '' : aboutOf(data as Thing),
    isStored,
  }
}
