import { jsonFault, WeirError } from '@weir/proto'

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
    throw new WeirError('malformed', `The body is not JSON (RFC 8259): ${jsonFault(text)}.`, { cause })
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true })
