import { type Event, type EventJson, eventToJson } from '@weir/proto'

/** The kinds of data an event may carry, by their names in JSON. */
const kinds = ['data', 'reading', 'stateChange', 'alert', 'step', 'binary', 'any'] as const

/** An event in one line for people: when it happened, its subject, its data as JSON. */
export function eventLine(subject: string, event: Event): string {
  const json = eventToJson(event)
  return `${clock(json.time)}  ${subject}  ${JSON.stringify(dataOf(json) ?? null)}`
}

/** The data of an event by itself, whatever its kind; undefined when it carries none. */
export function dataOf(json: EventJson): unknown {
  for (const kind of kinds) if (json[kind] !== undefined) return json[kind]
  return undefined
}

/** Local time of day, with milliseconds. */
function clock(time: string | undefined): string {
  const date = new Date(time ?? '')
  if (Number.isNaN(date.getTime())) return '--:--:--.---'
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0'))
  return `${parts.join(':')}.${String(date.getMilliseconds()).padStart(3, '0')}`
}
