import { Alert_Severity, Alert_Status, type Event, Step_Status } from '@weir/proto'
import { limits } from '../limits.ts'
import { type Field, fieldsOf, oneLine, valueText } from './fields.ts'

/** How loud an event is: the colour of the bar before its row. */
export type Severity = 'none' | 'normal' | 'warn' | 'bad'

/**
 * Of alerts and steps by what they say, of others by their label `severity` (OpenTelemetry logs
 * have one).
 */
export function severityOf({ data, labels }: Event): Severity {
  if (data.case === 'alert') {
    if (data.value.status === Alert_Status.RESOLVED) return 'none'
    if (data.value.severity === Alert_Severity.URGENT) return 'bad'
    return data.value.severity === Alert_Severity.HIGH ? 'warn' : 'normal'
  }
  if (data.case === 'step') return data.value.status === Step_Status.ERROR ? 'bad' : 'none'
  const said = labels.severity ?? labels['severity.text'] ?? labels.level
  if (said === undefined) return 'none'
  if (/^(error|fatal|crit|alert|emerg|urgent)/i.test(said)) return 'bad'
  return /^(warn|high)/i.test(said) ? 'warn' : 'normal'
}

/** The type of an event; of one that names none, which kind of data it has. */
export function eventKind({ type, data }: Event): string {
  return type === '' ? (data.case ?? '') : type
}

/** Milliseconds since the Unix epoch; undefined when the event has no time. */
export function eventTimeMs({ time }: Event): number | undefined {
  return time === undefined ? undefined : Number(time.seconds) * 1000 + time.nanos / 1e6
}

/** A piece of a line: a value, and its name where it has one to be told apart by. */
export interface Saying {
  readonly name: string
  readonly text: string
}

/** What an event says, in one short line; `said` is what people call a state. */
export function summaryOf(event: Event, said: (state: string) => string = String): string {
  return sayings(event, said)
    .map(({ name, text }) => (name === '' ? text : `${name} ${text}`))
    .join('   ')
}

/** The same in its pieces, for who tells names from values. */
export function sayings(event: Event, said: (state: string) => string = String): readonly Saying[] {
  const { data } = event
  if (data.case === 'stateChange') {
    const { from, to, entity, name } = data.value
    const way = from === '' ? isolated(said(to)) : `${isolated(said(from))} → ${isolated(said(to))}`
    return [{ name: '', text: `${way} · ${isolated(name === '' ? entity : name)}` }]
  }
  const fields = fieldsOf(event)
  if (data.case === 'alert' || data.case === 'step') {
    return [{ name: '', text: fields.map((field) => isolated(valueText(field))).join(' · ') }]
  }
  return fieldSayings(fields)
}

/** Names and values in a line; one that is all of its event needs no name. */
export function fieldSayings(fields: readonly Field[]): readonly Saying[] {
  const [first] = fields
  if (fields.length === 1 && first?.name === 'value') return [{ name: '', text: valueText(first) }]
  return fields
    .slice(0, limits.textFieldsShown)
    .map((field) => ({ name: isolated(field.name), text: isolated(valueText(field)) }))
}

/**
 * A text of one line that turns the direction of reading turns nothing beside it, and one of
 * several breaks no line.
 */
function isolated(given: string): string {
  const text = oneLine(given)
  return turning.test(text) ? `\u2068${text}\u2069` : text
}

/** Letters of scripts that run to the left, and marks that say so of others. */
const turning = /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc]/
