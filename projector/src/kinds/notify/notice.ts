import { createHash } from 'node:crypto'
import { Alert_Severity, Alert_Status, type Event, formatTimestamp, type MatchedAlert } from '@weir/proto'
import { alertLabels } from '../../event/alert-labels.ts'
import type { EventRecord } from '../../event/event-record.ts'
import { ownValue } from '../../event/own-value.ts'
import type { AlertFacts } from '../../template/alert-line.ts'

/** A change of an alert that is to be told. */
export interface Notice extends AlertFacts, MatchedAlert {
  /** Of the event that says so: the same whoever reads it, and how often. */
  readonly id: string
  readonly status: 'FIRING' | 'RESOLVED'
  /** RFC 3339. */
  readonly time: string
  readonly sinceMs: number
  readonly record: EventRecord
}

/**
 * Undefined for what is not told: an event that is no alert, an acknowledgement, and what an open
 * alert says anew.
 */
export function noticeOf(record: EventRecord): Notice | undefined {
  const { event, subject } = record
  if (event.data.case !== 'alert' || event.labels.renewed !== undefined) return undefined
  const { rule, key, severity, status, message, since, by } = event.data.value
  if (status !== Alert_Status.FIRING && status !== Alert_Status.RESOLVED) return undefined
  return {
    id: event.id,
    subject,
    rule,
    key,
    severity: Alert_Severity[severity] ?? String(severity),
    status: status === Alert_Status.FIRING ? 'FIRING' : 'RESOLVED',
    message,
    by,
    since: timeText(since),
    sinceMs: since === undefined ? 0 : Number(since.seconds) * 1000 + Math.floor(since.nanos / 1_000_000),
    time: timeText(event.time),
    labels: alertLabels(event),
    record,
  }
}

/** What alerts of one message have in common. */
export function groupOf(notice: Notice, groupBy: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    groupBy.map((name) => {
      const own = name === 'rule' ? notice.rule : name === 'severity' ? notice.severity : undefined
      return [name, own ?? ownValue(notice.labels, name) ?? '']
    }),
  )
}

/** The same for the same changes, so that a target knows a message that it had before. */
export function messageId(target: string, notices: readonly Notice[]): string {
  const text = JSON.stringify([target, ...notices.map(({ id, subject, status }) => [id, subject, status])])
  return `weir-${createHash('sha256').update(text).digest('hex').slice(0, 32)}`
}

function timeText(time: Event['time']): string {
  return (time === undefined ? undefined : formatTimestamp(time)) ?? ''
}
