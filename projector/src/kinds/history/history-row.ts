import { type Event, isTimestamp } from '@weir/proto'
import type { HistoryRow } from '../../db/history-table.ts'
import type { EventRecord } from '../../event/event-record.ts'
import { bodyOf } from './body.ts'
import { isPlainReading } from './plain-reading.ts'

/**
 * The row of an event: its JSON, and its bytes but for a reading of which the JSON has all. Those
 * of JSON data are kept, as JSON of Postgres has neither the order of keys nor every digit.
 */
export function historyRow(record: EventRecord): HistoryRow {
  const { seq, subject, timeMs, storedAtMs, payload, event } = record
  const { text, isExact } = bodyOf(event)
  const bytes = isExact && isPlainReading(payload) && isAllInJson(event) ? null : payload
  return { seq, subject, timeMs, storedAtMs, body: text, event: bytes }
}

/** Whether the JSON of an event with a reading or without data is read as the same event. */
function isAllInJson({ time, data }: Event): boolean {
  if (time !== undefined && !isTimestamp(time)) return false
  if (data.case !== 'reading') return data.case === undefined
  const { metrics, times, integers } = data.value
  for (const name in metrics) if (Object.is(metrics[name], -0)) return false
  for (const name in times) if (!isTimestamp(times[name] as NonNullable<typeof time>)) return false
  // Who reads JSON adds the metric of an integer.
  for (const name in integers) if (!Object.hasOwn(metrics, name)) return false
  return true
}
