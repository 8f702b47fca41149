import { WeirError } from '@weir/proto'

/**
 * The body as text; throws `malformed` when it is not UTF-8 (RFC 8259 section 8.1 asks for nothing
 * else).
 */
export function bodyText(body: Uint8Array): string {
  const text = utf8(body)
  if (text === undefined) throw new WeirError('malformed', 'The body is not UTF-8.')
  return text
}

/** Undefined for bytes that are not UTF-8. */
export function utf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

/** The text of a body as a JSON value; throws `malformed`. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new WeirError('malformed', `The body is not JSON (RFC 8259)${where(cause)}.`, { cause })
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true })

/**
 * Node and Deno name a position; Bun does not. The rest of the message quotes the body and differs
 * by runtime.
 */
function where(cause: unknown): string {
  const position = /at position (\d+)/.exec(String(cause))?.[1]
  return position === undefined ? '' : `: see character ${position}`
}
