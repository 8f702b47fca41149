import { subjectFault, WeirError } from '@weir/proto'
import type { EventRecord } from '../event-record.ts'

/**
 * Makes the key of an event. A template is text with placeholders: `{subject}`, a token of the subject by its place from 0
 * (`{1}`), `{type}`, `{source}`, `{label.<name>}`, and, for windows, `{window}`: the start of the window in seconds since 1970.
 */
export interface KeyTemplate {
  readonly text: string
  /** Whether `{window}` is in it. */
  readonly windowed: boolean
  /** Throws `invalid` when the result cannot be a key, or when what a placeholder names is absent. */
  keyOf(record: EventRecord, windowStartMs?: number): string
}

/** Throws `invalid` when the template has an unknown placeholder or can make no key. */
export function compileKeyTemplate(text: string): KeyTemplate {
  if (text === '{subject}') return { text, windowed: false, keyOf: (record) => record.subject }
  const parts = splitTemplate(text)
  const example = parts.map((part) => (typeof part === 'string' ? part : 'x')).join('')
  const fault = subjectFault(example, false)
  if (fault !== undefined) throw new WeirError('invalid', `The key template makes no keys: ${fault}`)
  return {
    text,
    windowed: text.includes('{window}'),
    keyOf(record, windowStartMs) {
      let key = ''
      for (const part of parts) key += typeof part === 'string' ? part : part(record, windowStartMs)
      const fault = subjectFault(key, false)
      if (fault !== undefined)
        throw new WeirError('invalid', `The template ${text} makes no key of this event: ${fault}`)
      return key
    },
  }
}

type Placeholder = (record: EventRecord, windowStartMs: number | undefined) => string

/** Literal text and placeholders, in their order. */
export function splitTemplate(text: string): readonly (string | Placeholder)[] {
  return text
    .split(/(\{[^{}]*\})/)
    .filter((part) => part !== '')
    .map((part) => (part.startsWith('{') ? placeholder(part.slice(1, -1)) : literal(part)))
}

function literal(part: string): string {
  if (/[{}]/.test(part)) throw new WeirError('invalid', `A brace in "${part}" belongs to no placeholder.`)
  return part
}

function placeholder(name: string): Placeholder {
  if (name === 'subject') return (record) => record.subject
  if (name === 'type') return (record) => present(record.event.type, name)
  if (name === 'source') return (record) => present(record.event.source, name)
  if (name === 'window') return (_record, windowStartMs) => String(Math.floor((windowStartMs ?? 0) / 1000))
  if (/^\d{1,2}$/.test(name)) return (record) => present(record.subject.split('.')[Number(name)], name)
  if (name.startsWith('label.') && name.length > 6) {
    const label = name.slice(6)
    return (record) => present(record.event.labels[label], name)
  }
  throw new WeirError(
    'invalid',
    `There is no placeholder {${name}}: use {subject}, {0}, {1} and so on, {type}, {source}, {label.<name>} or {window}.`,
  )
}

function present(value: string | undefined, name: string): string {
  if (value === undefined || value === '') throw new WeirError('invalid', `The event has nothing for {${name}}.`)
  return value
}
