import type { EventRecord } from './event-record.ts'
import { ownValue } from './own-value.ts'

/**
 * The number, text or boolean at a path of an event's JSON data; undefined where there is nothing,
 * or a list, an object or null.
 */
export function dataValue(record: EventRecord, path: readonly string[]): number | string | boolean | undefined {
  let value: unknown = record.json
  for (const name of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = ownValue(value as Readonly<Record<string, unknown>>, name)
  }
  return typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean' ? value : undefined
}
