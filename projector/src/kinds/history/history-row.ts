import { type Event, isTimestamp, type Reading } from '@weir/proto'
import type { HistoryRow } from '../../db/history-table.ts'
import type { EventRecord } from '../../event/event-record.ts'
import { isPlain, jsonField } from '../../event/plain-fields.ts'
import { bodyOf } from './body.ts'

/**
 * The row of an event: its JSON, and of its bytes what that JSON lacks. JSON of Postgres has
 * neither the order of keys nor every digit, so the bytes of JSON data are kept as well, and all
 * bytes of what is rare.
 */
export function historyRow(record: EventRecord): HistoryRow {
  const { seq, subject, timeMs, storedAtMs, payload, event } = record
  const { text, isExact } = bodyOf(event)
  const bytes = isExact && isPlain(payload) ? bytesBeside(event, payload) : payload
  return { seq, subject, timeMs, storedAtMs, body: text, event: bytes }
}

/** What of the bytes of a plain event its JSON lacks; null where it has all. */
function bytesBeside({ time, data }: Event, payload: Uint8Array): Uint8Array | null {
  if (time !== undefined && !isTimestamp(time)) return payload
  if (data.case === 'json') return jsonField(payload) ?? payload
  return data.case === undefined || (data.case === 'reading' && isAllInJson(data.value)) ? null : payload
}

/** Whether the JSON of a reading is read as the same reading. */
function isAllInJson({ metrics, times, integers }: Reading): boolean {
  for (const name in metrics) if (Object.is(metrics[name], -0)) return false
  for (const name in times) if (!isTimestamp(times[name] as NonNullable<Event['time']>)) return false
  // Who reads JSON adds the metric of an integer.
  for (const name in integers) if (!Object.hasOwn(metrics, name)) return false
  return true
}
