import { WeirError } from '@weir/proto'

/**
 * Throws `malformed` where a text in a message, or the name of an entry, is none that UTF-8 can
 * hold.
 */
export function checkWellFormed(value: unknown): void {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw illFormed(value)
  } else if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
    for (const [name, inner] of Object.entries(value)) {
      checkWellFormed(name)
      checkWellFormed(inner)
    }
  }
}

/** Half of a surrogate pair, as JSON can write it, is no character (RFC 8259, section 8.2). */
export function illFormed(text: string): WeirError {
  // JSON.stringify escapes it, so that the message can be sent.
  const shown = JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}...` : text)
  return new WeirError('malformed', `The text ${shown} has half of a surrogate pair: send whole characters.`)
}
