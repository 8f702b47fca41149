import { type Event, eventToJsonText } from '@weir/proto'

export interface Body {
  readonly text: string
  /** Whether nothing was replaced. */
  readonly isExact: boolean
}

/**
 * The JSON of an event on one line as jsonb can hold it: numbers with all their digits, and U+FFFD
 * for what Postgres has no text for, NUL and halves of surrogate pairs, in keys as well.
 */
export function bodyOf(event: Event): Body {
  const text = eventToJsonText(event)
  if (!/\\u(?:0000|[dD][89a-fA-F])/.test(text)) return { text, isExact: true }
  const replaced = text.replace(escapes, storable)
  return { text: replaced, isExact: replaced === text }
}

/**
 * A pair of surrogates, or any one escape: all are matched, so that a backslash that is escaped
 * itself begins none.
 */
const escapes = /\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|\\u[\da-fA-F]{4}|\\./g

function storable(sequence: string): string {
  const isAlone = sequence.length === 6 && /^\\u(?:0000|[dD][89a-fA-F])/.test(sequence)
  return isAlone ? '\\ufffd' : sequence
}
