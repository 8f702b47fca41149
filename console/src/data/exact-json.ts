/** A number of JSON that a double cannot hold as it was written: its text is what is shown. */
export class ExactNumber {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  /** The nearest double, for charts. */
  get value(): number {
    return Number(this.text)
  }

  toString(): string {
    return this.text
  }
}

export type JsonValue =
  | null
  | boolean
  | number
  | string
  | ExactNumber
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue }

/**
 * Reads JSON and keeps each number that a double would change as ExactNumber. Needs the source text
 * that browsers of 2024 on give to a reviver; where there is none, such numbers are rounded as
 * everywhere. Throws SyntaxError for what is no JSON.
 */
export function parseExact(text: string): JsonValue {
  // Without a number of 16 digits nothing can be lost, and a reviver costs five times the parsing.
  if (!/\d{16}|\d[eE]|\.\d{15}/.test(text)) return JSON.parse(text) as JsonValue
  return JSON.parse(text, ((_: string, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' && context?.source !== undefined && !survives(context.source, value)
      ? new ExactNumber(context.source)
      : value) as (key: string, value: unknown) => unknown) as JsonValue
}

/** JSON on several lines, each number as it was written. */
export function prettyExact(value: JsonValue, indent = ''): string {
  if (value instanceof ExactNumber) return value.text
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const inner = `${indent}  `
  if (Array.isArray(value)) {
    const list = value as readonly JsonValue[]
    if (list.length === 0) return '[]'
    return `[\n${list.map((each) => inner + prettyExact(each, inner)).join(',\n')}\n${indent}]`
  }
  const entries = Object.entries(value as { readonly [key: string]: JsonValue })
  if (entries.length === 0) return '{}'
  return `{\n${entries.map(([key, each]) => `${inner}${JSON.stringify(key)}: ${prettyExact(each, inner)}`).join(',\n')}\n${indent}}`
}

/**
 * Whether the double says the same as the text: whole numbers by their digits, others by 15
 * significant ones.
 */
function survives(source: string, value: number): boolean {
  if (/^-?\d+$/.test(source))
    return Number.isSafeInteger(value) || BigInt(source).toString() === BigInt(value).toString()
  if (!Number.isFinite(value)) return false
  const digits = source.replace(/[eE].*$/, '').replace(/^-?0*\.?0*|\./g, '').length
  return digits <= 15 || String(value) === source
}
