import { WeirError } from '@weir/proto'

/**
 * The token that a request has in its Authorization header; every service reads it here. Throws
 * `unauthenticated` when there is none.
 *
 * @param read what of the header counts as a token: by default the scheme Bearer alone
 */
export function requestToken(
  header: string | null,
  read: (header: string | null) => string | undefined = bearerToken,
): string {
  const token = read(header)
  if (token === undefined) throw new WeirError('unauthenticated', 'Send a token: "Authorization: Bearer <token>".')
  return token
}

/**
 * The token of an Authorization header of scheme Bearer (RFC 6750); undefined when there is none.
 */
export function bearerToken(header: string | null): string | undefined {
  return header === null ? undefined : /^Bearer +(\S+) *$/i.exec(header)?.[1]
}
