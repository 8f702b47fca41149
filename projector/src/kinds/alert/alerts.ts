import { Alert_Status, type EventJson, eventToJson, WeirError } from '@weir/proto'
import type { BucketReader, StateValue } from '../../bucket/bucket-reader.ts'
import { type AlertLabels, alertLabels } from '../../event/alert-labels.ts'
import { alertsBucket } from '../../event/alerts-bucket.ts'
import { limits } from '../../limits.ts'
import type { Quiet, QuietBecause } from '../../silence/quiet.ts'
import { type AlertChange, type AlertLog, isOpen, type RecordedAlert } from './alert-log.ts'

/** One alert, as the API shows it. */
export interface AlertItem
  extends QuietBecause,
    Required<Pick<NonNullable<EventJson['alert']>, 'rule' | 'key' | 'message' | 'by'>> {
  /** `<rule>.<key>`. */
  readonly id: string
  /** Of its events: `alerts.<rule>.<key>`. */
  readonly subject: string
  readonly severity: string
  readonly status: string
  /** RFC 3339: when it began to fire, and when it became what it is. */
  readonly since?: string
  readonly time?: string
  /** Why it changed that its condition did not, one of AlertReason. */
  readonly reason?: string
  /** Those that its rule gives it. */
  readonly labels: AlertLabels
  /** Revision in the bucket `alerts`. */
  readonly seq: number
  readonly ageMs: number
}

export interface AlertQuery {
  /** Filters of subjects, granted; those outside `alerts.>` match nothing. */
  readonly filters: readonly string[]
  readonly statuses: readonly string[]
  /** Only those that are silenced, or only those that are not. */
  readonly silenced?: boolean | undefined
  /** Only those that another open alert quiets, or only those that none does. */
  readonly inhibited?: boolean | undefined
  readonly limit: number
  readonly after: string | undefined
}

export interface AlertPage {
  /** A subscription to the bucket `alerts` from here continues the list. */
  readonly cursor: string
  readonly items: readonly AlertItem[]
  readonly next?: string
}

/**
 * Lists alerts from their bucket. Where no inhibition is declared, those that are inhibited are
 * known without a look at it.
 */
export async function listAlerts(
  buckets: BucketReader,
  tenant: string,
  query: AlertQuery,
  quiet?: Quiet,
): Promise<AlertPage> {
  if (query.inhibited === true && quiet?.mayInhibit !== true) {
    return { cursor: await buckets.head(tenant, alertsBucket), items: [] }
  }
  const items: AlertItem[] = []
  let after = query.after
  let cursor = ''
  do {
    const request = { filters: query.filters, limit: query.limit - items.length, after }
    const page = await buckets.list(tenant, alertsBucket, request)
    if (cursor === '') cursor = page.cursor
    after = page.next
    for (const state of page.items) {
      const item = alertItem(state, quiet)
      if (item === undefined || !query.statuses.includes(item.status)) continue
      if (isWanted(query.silenced, item.silenced) && isWanted(query.inhibited, item.inhibitedBy)) items.push(item)
    }
  } while (after !== undefined && items.length < query.limit)
  return after === undefined ? { cursor, items } : { cursor, items, next: after }
}

/** @param choice whether there must be a cause, or none; undefined for either */
function isWanted(choice: boolean | undefined, cause: unknown): boolean {
  return choice === undefined || choice === (cause !== undefined)
}

/** Undefined when the value is no alert. */
function alertItem({ subject, seq, event, ageMs }: StateValue, quiet?: Quiet): AlertItem | undefined {
  const { alert, time } = eventToJson(event)
  if (alert === undefined) return undefined
  const { rule = '', key = '', message = '', by = '', severity = '', status = '', since } = alert
  const labels = alertLabels(event)
  return {
    id: subject.slice(subject.indexOf('.') + 1),
    subject,
    rule,
    key,
    severity: String(severity),
    status: String(status),
    message,
    by,
    ...(since === undefined ? {} : { since }),
    ...(time === undefined ? {} : { time }),
    ...(event.labels.reason === undefined ? {} : { reason: event.labels.reason }),
    labels,
    ...quiet?.because({ subject, rule, severity: String(severity), labels }),
    seq,
    ageMs,
  }
}

/**
 * Acknowledges or resolves an alert for a person. What is so already stays as it is. Throws
 * `not_found` when there is no such alert, `conflict` when it cannot become that or when others
 * keep changing it.
 */
export async function changeAlert(
  log: AlertLog,
  subject: string,
  status: Alert_Status.ACKED | Alert_Status.RESOLVED,
  by: string,
): Promise<RecordedAlert> {
  for (let attempt = 0; attempt < limits.alertAttemptsMax; attempt++) {
    const last = await log.last(subject)
    if (last === undefined || last.alert.status === Alert_Status.UNSPECIFIED) {
      throw new WeirError('not_found', `There is no alert "${subject}".`)
    }
    if (last.alert.status === status) return last
    if (!isOpen(last)) {
      throw new WeirError('conflict', 'The alert is resolved already; it cannot be acknowledged any more.')
    }
    const stored = await log.append(changeOf(last, status, by), last.seq)
    if (stored !== undefined) return stored
  }
  throw new WeirError('conflict', 'The alert is being changed by others; look at it again.')
}

function changeOf({ alert, cause, labels }: RecordedAlert, status: Alert_Status, by: string): AlertChange {
  const { rule, key, severity, message, since } = alert
  const sinceMs = since === undefined ? Date.now() : Number(since.seconds) * 1000 + Math.floor(since.nanos / 1_000_000)
  return { rule, key, severity, status, message, labels, sinceMs, by, atMs: Date.now(), cause }
}
