import { textAt } from '@weir/proto'
import type { EventRecord } from '../event/event-record.ts'
import { valueAt } from '../event/value-at.ts'

/**
 * What stands at a path of an event's JSON data, as text: a number with the digits of its producer.
 * Undefined where there is nothing, or a list, an object or null, which are no text.
 */
export function dataField(record: EventRecord, path: readonly string[]): string | undefined {
  const value = valueAt(record.json, path)
  if (typeof value !== 'number') return value?.toString()
  const { data } = record.event
  return data.case === 'json' ? textAt(data.value, path) : undefined
}
