import { textAt, WeirError } from '@weir/proto'

/** The body, or the element of it that becomes one record. */
export interface RecordBody {
  readonly value: unknown
  /** What the value was parsed from: its numbers have digits that JSON.parse loses. */
  readonly text: string
}

/** Where the placeholders of a template take their values from. */
export interface TemplateValues {
  readonly body: RecordBody
  readonly headers: Headers
  /** What the path of the route names: `/hooks/:source`. */
  readonly parameters: Readonly<Record<string, string>>
}

/**
 * Text with placeholders. `encode` is put around each value; throws `invalid` when one is missing
 * and has no default.
 */
export type TextTemplate = (values: TemplateValues, encode?: (value: string) => string) => string

/**
 * A template: `{a.b}` is a field of the body, `{items.0.id}` an element of a list in it,
 * `{header:x-room}` a header, `{param:source}` a part of the path; `{a.b|none}` has a default.
 * Throws `invalid` on a brace that has no partner.
 */
export function parseTemplate(source: string): TextTemplate {
  const pieces: (string | Placeholder)[] = []
  let at = 0
  for (const match of source.matchAll(/\{([^{}]*)\}/g)) {
    pieces.push(literal(source, at, match.index), parsePlaceholder(match[1] ?? ''))
    at = match.index + match[0].length
  }
  pieces.push(literal(source, at, source.length))
  return (values, encode = String) =>
    pieces.map((piece) => (typeof piece === 'string' ? piece : encode(placeholderValue(piece, values)))).join('')
}

/**
 * Text, a number as it is written, or a boolean at a path of fields and list indexes; undefined for
 * anything else.
 */
export function scalarAt({ value: root, text }: RecordBody, path: readonly string[]): string | undefined {
  const value = valueAt(root, path)
  if (typeof value === 'string') return value
  if (typeof value === 'number') return textAt(text, path) ?? String(value)
  return typeof value === 'boolean' ? String(value) : undefined
}

/**
 * The value at a path of fields and list indexes; undefined when there is none. Only own fields
 * count.
 */
export function valueAt(root: unknown, path: readonly string[]): unknown {
  let value = root
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as { readonly [name: string]: unknown })[name]
  }
  return value
}

interface Placeholder {
  readonly source: 'body' | 'header' | 'param'
  /** As it is written, for messages. */
  readonly name: string
  readonly path: readonly string[]
  readonly fallback: string | undefined
}

function literal(source: string, start: number, end: number): string {
  const text = source.slice(start, end)
  if (/[{}]/.test(text)) throw new WeirError('invalid', `"${source}": a brace has no partner.`)
  return text
}

function parsePlaceholder(text: string): Placeholder {
  const [expression = '', fallback] = text.split('|', 2)
  const [, prefix, rest] = /^(header|param):(.+)$/.exec(expression) ?? []
  const name = rest ?? expression
  if (name === '') throw new WeirError('invalid', `"{${text}}" names nothing.`)
  if (prefix === 'header' || prefix === 'param') return { source: prefix, name, path: [], fallback }
  return { source: 'body', name, path: name.split('.'), fallback }
}

function placeholderValue({ source, name, path, fallback }: Placeholder, values: TemplateValues): string {
  const value = source === 'body' ? scalarAt(values.body, path) : textOf(source, name, values)
  if (value !== undefined) return value
  if (fallback !== undefined) return fallback
  throw new WeirError('invalid', `${source === 'body' ? '' : `${source} `}${name}: text or a number is needed there.`)
}

function textOf(source: 'header' | 'param', name: string, { headers, parameters }: TemplateValues): string | undefined {
  if (source === 'header') return headers.get(name) ?? undefined
  return Object.hasOwn(parameters, name) ? parameters[name] : undefined
}
