import { textAt } from '@weir/proto'
import type { EventRecord } from '../event/event-record.ts'

/**
 * What stands at a path of an event's JSON data, as text: a number with the digits of its producer.
 * Undefined where there is nothing, or a list, an object or null, which are no text.
 */
export function dataField(record: EventRecord, path: readonly string[]): string | undefined {
  const { data } = record.event
  if (data.case !== 'json' || !isJson(data.value)) return undefined
  const text = textAt(data.value, path)
  if (text === undefined || /^[[{n]/.test(text)) return undefined
  return text.startsWith('"') ? (JSON.parse(text) as string) : text
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
