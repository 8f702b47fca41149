import type { Event } from '../gen/weir/v1/event_pb.js'
import { eventFromJson } from './event-from-json.ts'
import { eventToJson } from './event-json.ts'
import { parseJson } from './json-reader.ts'
import { TextSource } from './json-source.ts'

/**
 * The text of an event's JSON form (EventJson), on one line. The value of `json` stands in it as
 * the producer wrote it: numbers of any length, order of keys and doubled keys are kept. Only line
 * breaks between its tokens become spaces. Text that is no JSON becomes a JSON string. Never
 * throws. JSON.parse of it gives what eventToJson gives.
 */
export function eventToJsonText(event: Event): string {
  if (event.data.case !== 'json') return JSON.stringify(eventToJson(event))
  const rest = JSON.stringify(eventToJson({ ...event, data: { case: undefined } }))
  const data = `"data":${dataText(event.data.value)}}`
  return rest === '{}' ? `{${data}` : `${rest.slice(0, -1)},${data}`
}

/**
 * An Event from the text of its JSON form, with `data` as it is written there. Throws `malformed`,
 * as eventFromJson does.
 */
export function eventFromJsonText(text: string): Event {
  return eventFromJson(parseJson(text, 'event'), new TextSource(text))
}

function dataText(text: string): string {
  try {
    JSON.parse(text)
  } catch {
    return JSON.stringify(text)
  }
  // JSON allows a raw line break between tokens alone, never within a string.
  return text.replace(/[\r\n]/g, ' ')
}
