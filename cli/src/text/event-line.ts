import { type Event, eventToJson, eventToJsonText } from '@weir/proto'

/** The kinds of data an event may carry, by their names in JSON. */
const kinds = ['data', 'reading', 'stateChange', 'alert', 'step', 'binary', 'any'] as const

/** An event in one line for people: when it happened, its subject, its data as JSON. */
export function eventLine(subject: string, event: Event): string {
  return `${clock(eventToJson({ ...event, data: { case: undefined } }).time)}  ${subject}  ${dataText(event)}`
}

/**
 * The data of an event by itself, whatever its kind, as JSON on one line; JSON data as its producer
 * wrote it.
 */
export function dataText(event: Event): string {
  if (event.data.case === 'json') {
    const { $typeName } = event
    const bare = { $typeName, id: '', type: '', source: '', labels: {}, traceparent: '', data: event.data }
    return eventToJsonText(bare).slice('{"data":'.length, -1)
  }
  const json = eventToJson(event)
  for (const kind of kinds) if (json[kind] !== undefined) return JSON.stringify(json[kind])
  return 'null'
}

/**
 * An object with a whole event as its last member, on one line; JSON data as its producer wrote it.
 */
export function lineWithEvent(rest: object, event: Event): string {
  const members = JSON.stringify(rest).slice(1, -1)
  return `{${members}${members === '' ? '' : ','}"event":${eventToJsonText(event)}}`
}

/** Local time of day, with milliseconds. */
function clock(time: string | undefined): string {
  const date = new Date(time ?? '')
  if (Number.isNaN(date.getTime())) return '--:--:--.---'
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0'))
  return `${parts.join(':')}.${String(date.getMilliseconds()).padStart(3, '0')}`
}
