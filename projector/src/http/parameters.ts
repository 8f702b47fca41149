import { checkParameters } from '@weir/mesh'
import { WeirError } from '@weir/proto'

/**
 * The address of a request whose parameters are all known and hold no NUL, which no store can hold
 * either. Throws `malformed`.
 */
export function knownUrl(request: { readonly url: string }, known: readonly string[]): URL {
  const url = new URL(request.url)
  checkParameters(url.searchParams, known)
  for (const [name, value] of url.searchParams) {
    if (value.includes('\0')) throw new WeirError('malformed', `${name}: text with NUL is in no event.`)
  }
  return url
}
