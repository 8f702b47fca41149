import { WeirError } from '@weir/proto'

/** How a request says where it ends. */
export interface Framing {
  /** Whether anything follows its head. */
  readonly hasBody: boolean
  /** Why nobody can be sure of it; undefined when it is well said. */
  readonly fault: WeirError | undefined
}

/**
 * Reads the framing of a request (RFC 9112 section 6.3) from all its headers, names in lower case.
 * The library is content with some that a proxy in front may read in another way, so that what one
 * takes for a body is a request to the other.
 */
export function readFraming(forEachHeader: (take: (name: string, value: string) => void) => void): Framing {
  const lengths: string[] = []
  const codings: string[] = []
  forEachHeader((name, value) => {
    if (name === 'content-length') lengths.push(value)
    else if (name === 'transfer-encoding') codings.push(value)
  })
  return {
    hasBody: codings.length > 0 || (lengths.length > 0 && lengths.join() !== '0'),
    fault: fault(lengths, codings),
  }
}

function fault(lengths: readonly string[], codings: readonly string[]): WeirError | undefined {
  if (lengths.length > 1) return new WeirError('malformed', 'The request has more than one Content-Length.')
  if (lengths.some((length) => !/^\d{1,15}$/.test(length)))
    return new WeirError('malformed', 'The Content-Length is no number.')
  if (codings.length > 1 || codings.some((coding) => coding.toLowerCase() !== 'chunked'))
    return new WeirError('malformed', 'The one Transfer-Encoding that is taken is chunked, once.')
  if (lengths.length > 0 && codings.length > 0)
    return new WeirError('malformed', 'A request has a Content-Length or a Transfer-Encoding, not both.')
  return undefined
}
