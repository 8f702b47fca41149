import { WeirError } from '@weir/proto'

/**
 * The address of a request whose parameters are all known and hold no NUL, which no store can hold
 * either. A parameter that is passed over would be an answer to another question. Throws
 * `malformed`.
 */
export function knownUrl(request: { readonly url: string }, known: readonly string[]): URL {
  const url = new URL(request.url)
  for (const [name, value] of url.searchParams) {
    if (!known.includes(name)) {
      const there = known.length === 0 ? 'there are none' : `there are ${known.join(', ')}`
      throw new WeirError('malformed', `There is no parameter "${name.slice(0, 64)}" here: ${there}.`)
    }
    if (value.includes('\0')) throw new WeirError('malformed', `${name}: text with NUL is in no event.`)
  }
  return url
}
