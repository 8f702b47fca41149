import { subjectFault, WeirError } from '@weir/proto'
import type { EventRecord } from '../event/event-record.ts'
import { ownValue } from '../event/own-value.ts'
import { dataField } from './data-field.ts'

/**
 * Text with placeholders for what an event has: `{subject}`, a token of the subject by its place
 * from 0 (`{1}`), `{type}`, `{source}`, `{label.<name>}`, `{data.<path>}` of JSON data,
 * `{change.<field>}` of a state change, `{step.<field>}` of a step; in keys of windows `{window}`,
 * the start of the window in seconds since 1970; in messages of alerts `{metric.<name>}`.
 */
export interface KeyTemplate {
  readonly text: string
  /** Whether `{window}` is in it. */
  readonly windowed: boolean
  /**
   * Throws `invalid` when the result cannot be a key, or when what a placeholder names is absent.
   */
  keyOf(record: EventRecord, windowStartMs?: number): string
  /** The keys that events of a filter can have, as a filter. */
  keysOf(filter: string): string
}

/**
 * Throws `invalid` when the template has a placeholder that keys do not have, or can make no key.
 */
export function compileKeyTemplate(text: string): KeyTemplate {
  if (text === '{subject}') {
    return { text, windowed: false, keyOf: (record) => record.subject, keysOf: (filter) => filter }
  }
  const parts = splitTemplate(text, keyPlaceholders)
  const example = parts.map((part) => (typeof part === 'string' ? part : 'x')).join('')
  const fault = subjectFault(example, false)
  if (fault !== undefined) throw new WeirError('invalid', `The key template makes no keys: ${fault}`)
  return {
    text,
    windowed: text.includes('{window}'),
    keyOf(record, windowStartMs = 0) {
      let key = ''
      for (const part of parts) key += typeof part === 'string' ? part : present(part(record, windowStartMs), text)
      const fault = subjectFault(key, false)
      if (fault !== undefined)
        throw new WeirError('invalid', `The template ${text} makes no key of this event: ${fault}`)
      return key
    },
    keysOf: (filter) => keyFilter(text, filter),
  }
}

/**
 * Placeholders become what the filter says of them: a token that is known, or `*`; behind a whole
 * subject with `>` comes anything.
 */
function keyFilter(template: string, filter: string): string {
  const tokens = filter.split('.')
  const isOpen = tokens.at(-1) === '>'
  const named = (name: string): string => {
    if (name === 'subject') return filter
    const token = /^\d+$/.test(name) ? tokens[Number(name)] : undefined
    const isWild = token === undefined || token === '*' || token === '>'
    return isWild ? '*' : token
  }
  // The name of a label and a path of data may have dots.
  const keys = template
    .replaceAll(/\{(?:label|data|change|step)\.[^{}]*\}/g, '{*}')
    .split('.')
    .map((token) => {
      const whole = /^\{([^{}]*)\}$/.exec(token)?.[1]
      if (whole !== undefined) return named(whole)
      // A token of which a part alone is known is any token.
      return token.includes('{') ? '*' : token
    })
    .join('.')
  const end = isOpen ? keys.indexOf('>') : -1
  return end < 0 ? keys : keys.slice(0, end + 1)
}

/** What a message says of an event; "?" stands for what the event does not have. */
export type MessageTemplate = (record: EventRecord) => string

/** Throws `invalid` when the template has a placeholder that messages do not have. */
export function compileMessageTemplate(text: string): MessageTemplate {
  const parts = splitTemplate(text, messagePlaceholders)
  return (record) => parts.map((part) => (typeof part === 'string' ? part : part(record, 0) || '?')).join('')
}

/** The text for a placeholder; empty or undefined when the event has nothing for it. */
type Placeholder = (record: EventRecord, windowStartMs: number) => string | undefined

/** The placeholders of a kind of template: those by name, and those of a family, `label.<name>`. */
interface Placeholders {
  readonly named: Readonly<Record<string, Placeholder>>
  readonly families: Readonly<Record<string, (name: string) => Placeholder>>
}

const common: Placeholders = {
  named: {
    subject: (record) => record.subject,
    type: (record) => record.event.type,
    source: (record) => record.event.source,
  },
  families: {
    label: (name) => (record) => ownValue(record.event.labels, name),
    data: (name) => {
      const path = name.split('.')
      return (record) => dataField(record, path)
    },
    change: (name) => {
      const field = oneOf(['category', 'entity', 'from', 'to', 'name'], 'change', name)
      return ({ event: { data } }) => (data.case === 'stateChange' ? data.value[field] : undefined)
    },
    step: (name) => {
      const field = oneOf(['pipeline', 'name', 'message'], 'step', name)
      return ({ event: { data } }) => (data.case === 'step' ? data.value[field] : undefined)
    },
  },
}

function oneOf<Field extends string>(fields: readonly Field[], of: string, name: string): Field {
  const field = fields.find((each) => each === name)
  if (field !== undefined) return field
  throw new WeirError('invalid', `A ${of} has no "${name}" for a placeholder: use ${fields.join(', ')}.`)
}

/**
 * What an event says of itself is one token of a key, whatever is in it: nobody writes keys of
 * others by a label.
 */
const keyPlaceholders: Placeholders = {
  named: {
    subject: (record) => record.subject,
    type: (record) => oneToken(record.event.type),
    source: (record) => oneToken(record.event.source),
    window: (_record, windowStartMs) => String(Math.floor(windowStartMs / 1000)),
  },
  families: Object.fromEntries(
    Object.entries(common.families).map(([family, placeholderOf]) => [
      family,
      (name: string): Placeholder => {
        const value = placeholderOf(name)
        return (record, windowStartMs) => oneToken(value(record, windowStartMs))
      },
    ]),
  ),
}

/**
 * Every byte of UTF-8 that is no letter, digit, `_` or `-` is `=` and two hexadecimal digits, so no
 * two texts are one token.
 */
function oneToken(text: string | undefined): string | undefined {
  if (text === undefined || /^[A-Za-z0-9_-]*$/.test(text)) return text
  return text.replace(/[^A-Za-z0-9_-]/gu, (character) => {
    return [...new TextEncoder().encode(character)]
      .map((byte) => `=${byte.toString(16).padStart(2, '0').toUpperCase()}`)
      .join('')
  })
}

const messagePlaceholders: Placeholders = {
  named: common.named,
  families: {
    ...common.families,
    metric: (name) => (record) => {
      const { data } = record.event
      return data.case === 'reading' ? ownValue(data.value.metrics, name)?.toString() : undefined
    },
  },
}

/** Literal text and placeholders, in their order. */
function splitTemplate(text: string, known: Placeholders): readonly (string | Placeholder)[] {
  return text
    .split(/(\{[^{}]*\})/)
    .filter((part) => part !== '')
    .map((part) => (part.startsWith('{') ? placeholder(part.slice(1, -1), known) : literal(part)))
}

function literal(part: string): string {
  if (/[{}]/.test(part)) throw new WeirError('invalid', `A brace in "${part}" belongs to no placeholder.`)
  return part
}

function placeholder(name: string, { named, families }: Placeholders): Placeholder {
  if (/^\d{1,2}$/.test(name)) return (record) => record.subject.split('.')[Number(name)]
  const dot = name.indexOf('.')
  const found =
    dot > 0 && dot < name.length - 1
      ? ownValue(families, name.slice(0, dot))?.(name.slice(dot + 1))
      : ownValue(named, name)
  if (found !== undefined) return found
  const all = ['{0}, {1} and so on', ...Object.keys(named).map((key) => `{${key}}`)]
  for (const family of Object.keys(families)) all.push(`{${family}.<name>}`)
  throw new WeirError('invalid', `There is no placeholder {${name}} here: use ${all.join(', ')}.`)
}

function present(value: string | undefined, text: string): string {
  if (value === undefined || value === '')
    throw new WeirError('invalid', `The event lacks what the template ${text} names.`)
  return value
}
