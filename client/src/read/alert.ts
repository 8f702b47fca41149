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
  /** Those that its rule gives it. */
  readonly labels: Readonly<Record<string, string>>
  /** The silence that keeps it quiet now; in listings. */
  readonly silenced: AlertSilence | undefined
  /** The open alert that keeps it quiet, `<rule>.<key>`; in listings. */
  readonly inhibitedBy: string | undefined
}

/** Why and until when an alert is silenced. */
export interface AlertSilence {
  readonly name: string
  /** Milliseconds since the Unix epoch. */
  readonly untilMs: number
  readonly by: string
  readonly comment: string
}

export interface AlertQuery {
  /** Which alerts, by their subjects: `alerts.hot.*`; without, all that the token grants. */
  readonly filter?: string | readonly string[]
  /** Without, those that are open: FIRING and ACKED. */
  readonly status?: AlertStatus | readonly AlertStatus[]
  /** Only those that are silenced now, or only those that are not; without, both. */
  readonly silenced?: boolean
  /** Only those that another open alert keeps quiet, or only those that none does. */
  readonly inhibited?: boolean
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
export interface AlertJson extends Pick<Alert, 'id' | 'subject' | 'rule' | 'key' | 'severity' | 'status'> {
  readonly message: string
  readonly by: string
  /** RFC 3339. */
  readonly since?: string
  readonly labels?: Alert['labels']
  readonly silenced?: Omit<AlertSilence, 'untilMs'> & { readonly until: string }
  readonly inhibitedBy?: string
}

export function alertOf(json: AlertJson): Alert {
  const { id, subject, rule, key, severity, status, message, by, since, labels = {}, silenced, inhibitedBy } = json
  const sinceMs = since === undefined ? undefined : Date.parse(since)
  const alert = { id, subject, rule, key, severity, status, message, by, sinceMs, labels, inhibitedBy }
  if (silenced === undefined) return { ...alert, silenced }
  const { until, ...silence } = silenced
  return { ...alert, silenced: { ...silence, untilMs: Date.parse(until) } }
}
