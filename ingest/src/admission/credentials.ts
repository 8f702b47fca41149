import { bearerToken } from '@weir/mesh/edge'
import { WeirError } from '@weir/proto'

/**
 * The token of a request: `Authorization: Bearer <token>` (RFC 6750), `Token <token>` as clients of InfluxDB send it, or the password of `Authorization: Basic` (RFC 7617),
 * for senders that can only be given a URL with a user and a password. Never from the query, which is logged on its way.
 * Throws `unauthenticated`.
 */
export function requestToken(headers: Headers): string {
  const header = headers.get('authorization')
  const token = bearerToken(header) ?? influxToken(header) ?? basicPassword(header)
  if (token !== undefined) return token
  throw new WeirError('unauthenticated', 'Send a token: "Authorization: Bearer <token>".')
}

function influxToken(header: string | null): string | undefined {
  return header === null ? undefined : /^Token +(\S+) *$/i.exec(header)?.[1]
}

function basicPassword(header: string | null): string | undefined {
  const encoded = header === null ? undefined : /^Basic +([A-Za-z0-9+/=]+) *$/i.exec(header)?.[1]
  if (encoded === undefined) return undefined
  try {
    const pair = atob(encoded)
    const colon = pair.indexOf(':')
    return colon < 0 ? undefined : pair.slice(colon + 1)
  } catch {
    return undefined
  }
}
