import { eventToJson, eventToJsonText } from '@weir/proto'
import type { StateValue } from '../bucket/bucket-reader.ts'
import type { StoredEvent } from '../db/history-query.ts'

/**
 * Items of answers as JSON text. The event's own JSON stands in them as its producer wrote it, so
 * that no number loses a digit; hence they are put together as text, and not as objects.
 */
export function stateItemText({ subject, seq, event, ageMs, ttlMs }: StateValue): string {
  const frame = JSON.stringify({ subject, seq, ageMs, ttlMs })
  return `${frame.slice(0, -1)},"event":${eventToJsonText(event)}}`
}

export function historyItemText({ subject, seq, event }: StoredEvent): string {
  return `${JSON.stringify({ subject, seq }).slice(0, -1)},"event":${eventToJsonText(event)}}`
}

/** A page: its other fields, and its items. */
export function pageText(fields: Readonly<Record<string, unknown>>, items: readonly string[]): string {
  const frame = JSON.stringify(fields)
  return `${frame.slice(0, -1)}${frame === '{}' ? '' : ','}"items":[${items.join(',')}]}`
}

/** The kind of data of an event and its JSON; undefined for an event without data. */
export function dataText(event: StoredEvent['event']): readonly [kind: string, text: string] | undefined {
  const json = eventToJson(event)
  for (const kind of kinds) {
    if (json[kind] === undefined) continue
    const isOwnText = event.data.case === 'json' && json.data !== event.data.value
    return [kind, isOwnText && event.data.case === 'json' ? event.data.value : JSON.stringify(json[kind])]
  }
  return undefined
}

const kinds = ['reading', 'stateChange', 'alert', 'step', 'data', 'binary', 'any'] as const
