/**
 * The shape of a JWT that expires then, in milliseconds since the Unix epoch; its signature is
 * none.
 */
export function jwt(expiresAtMs: number, distinction: string | number = ''): string {
  const payload = JSON.stringify({ exp: expiresAtMs / 1000, jti: String(distinction) })
  return `e30.${Buffer.from(payload).toString('base64url')}.c2ln`
}
