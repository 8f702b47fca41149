import type { Weir } from '@weir/client'
import { Alert_Severity, Alert_Status } from '@weir/proto'
import { eventTimeMs } from '../data/event-words.ts'
import type { Desk } from '../place/desk.ts'
import { Feed } from './feed.ts'

export type AlertStatusName = 'FIRING' | 'ACKED' | 'RESOLVED'
export type AlertSeverityName = 'URGENT' | 'HIGH' | 'NORMAL'

/** An alert as its last event tells it. */
export interface AlertRow {
  /** `<rule>.<key>`. */
  readonly id: string
  readonly subject: string
  readonly rule: string
  readonly key: string
  readonly severity: AlertSeverityName
  readonly status: AlertStatusName
  readonly message: string
  /** Who changed it; empty for its rule. */
  readonly by: string
  readonly sinceMs: number
  /** When it became what it is. */
  readonly changedMs: number
}

/** All alerts that the bucket holds, as they change: the loudest and the newest first. */
export class AlertList {
  rows: readonly AlertRow[] = $state.raw([])
  fault: string = $state('')
  readonly #byId = new Map<string, AlertRow>()
  readonly #feed: Feed
  #scheduled = false

  /** @param told is called for a change, not for what a snapshot brings */
  constructor(desk: Desk, weir: Weir, filter: string, told: (row: AlertRow) => void = () => undefined) {
    this.#feed = new Feed(
      desk,
      weir,
      { source: 'alerts', filter },
      {
        entry: ({ subject, event }, isChange) => {
          const { data } = event
          if (data.case !== 'alert') return
          const { rule, key, severity, status, message, by, since } = data.value
          const changedMs = eventTimeMs(event) ?? Date.now()
          const row: AlertRow = {
            id: subject.slice(subject.indexOf('.') + 1),
            subject,
            rule,
            key,
            severity:
              severity === Alert_Severity.URGENT ? 'URGENT' : severity === Alert_Severity.HIGH ? 'HIGH' : 'NORMAL',
            status: status === Alert_Status.FIRING ? 'FIRING' : status === Alert_Status.ACKED ? 'ACKED' : 'RESOLVED',
            message,
            by,
            sinceMs: since === undefined ? changedMs : Number(since.seconds) * 1000,
            changedMs,
          }
          this.#byId.set(row.id, row)
          if (isChange) told(row)
          this.#soon()
        },
        removed: ({ subject }) => {
          this.#byId.delete(subject.slice(subject.indexOf('.') + 1))
          this.#soon()
        },
        reset: () => {
          this.#byId.clear()
          this.#soon()
        },
        ended: ({ message }) => {
          this.fault = message
        },
      },
    )
  }

  close(): void {
    this.#feed.close()
  }

  #soon(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    requestAnimationFrame(() => {
      this.#scheduled = false
      this.rows = [...this.#byId.values()].sort(
        (a, b) => rank(a) - rank(b) || b.changedMs - a.changedMs || (a.id < b.id ? -1 : 1),
      )
    })
  }
}

/** Firing before acknowledged before resolved; among the open ones by severity. */
function rank({ status, severity }: AlertRow): number {
  if (status === 'RESOLVED') return 9
  return (status === 'FIRING' ? 0 : 4) + (severity === 'URGENT' ? 0 : severity === 'HIGH' ? 1 : 2)
}
