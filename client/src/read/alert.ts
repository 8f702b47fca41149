import type { Page } from './listing.ts'

export const alertStatuses = ['FIRING', 'ACKED', 'RESOLVED'] as const

export type AlertStatus = (typeof alertStatuses)[number]

export type AlertSeverity = 'NORMAL' | 'HIGH' | 'URGENT'

/**
 * An alert as it is now. Its changes are events under its subject, and entries of the source
 * `alerts`.
 */
export interface Alert {
  /** `<rule>.<key>`; what `acknowledgeAlert` and `resolveAlert` take. */
  readonly id: string
  /** `alerts.<rule>.<key>`. */
  readonly subject: string
  readonly rule: string
  readonly key: string
  readonly severity: AlertSeverity
  readonly status: AlertStatus
  readonly message: string
  /** The `sub` of the token that acknowledged or resolved it; empty when its rule did. */
  readonly by: string
  /** When it began to fire, milliseconds since the Unix epoch. */
  readonly sinceMs: number | undefined
}

export interface AlertQuery {
  /** Which alerts, by their subjects: `alerts.hot.*`; without, all that the token grants. */
  readonly filter?: string | readonly string[]
  /** Without, those that are open: FIRING and ACKED. */
  readonly status?: AlertStatus | readonly AlertStatus[]
  /** At most so many items; without, all. */
  readonly limit?: number
  /** `next` of a page: where to begin. */
  readonly after?: string
}

export interface AlertPage extends Page<Alert> {
  /** Where a subscription to `alerts` goes on; of several pages, take that of the first. */
  readonly cursor: string
}

/** An alert as the read API writes it. */
export interface AlertJson extends Omit<Alert, 'sinceMs'> {
  /** RFC 3339. */
  readonly since?: string
}

export function alertOf({ id, subject, rule, key, severity, status, message, by, since }: AlertJson): Alert {
  const sinceMs = since === undefined ? undefined : Date.parse(since)
  return { id, subject, rule, key, severity, status, message, by, sinceMs }
}
