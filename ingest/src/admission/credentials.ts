import { bearerToken } from '@weir/mesh/edge'

/**
 * The token that a sender has in its Authorization header: `Bearer <token>` (RFC 6750), `Token
 * <token>` as clients of InfluxDB send it, or the password of `Basic` (RFC 7617), for senders that
 * can only be given a URL with a user and a password. Undefined when there is none. A token is
 * never taken from the query, which is logged on its way.
 */
export function senderToken(header: string | null): string | undefined {
  return bearerToken(header) ?? influxToken(header) ?? basicPassword(header)
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
