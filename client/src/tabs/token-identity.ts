/**
 * Whose token it is and what it grants: all that a JWT says but its times and its id. Two tokens of
 * one identity may stand in for each other. What is no JWT is an identity of its own.
 */
export function tokenIdentity(token: string): string {
  const claims = claimsOf(token)
  if (claims === undefined) return token
  const { exp: _, iat: __, nbf: ___, jti: ____, ...identity } = claims
  return JSON.stringify(sorted(identity))
}

/** The claims of a JWT (RFC 7519), unchecked. */
function claimsOf(token: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const payload = token.split('.')[1] ?? ''
    const claims: unknown = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')))
    return typeof claims === 'object' && claims !== null ? { ...claims } : undefined
  } catch {
    return undefined
  }
}

function sorted(claims: Readonly<Record<string, unknown>>): unknown {
  return Object.entries(claims).sort(([a], [b]) => (a < b ? -1 : 1))
}
