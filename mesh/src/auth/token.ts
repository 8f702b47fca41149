import { WeirError } from '@weir/proto'
import { SignJWT } from 'jose'
import { limits } from '../config/limits.ts'

export interface TokenRequest {
  readonly tenant: string
  /** Becomes `sub`. */
  readonly subject: string
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
  readonly admin?: boolean
  readonly ttlSeconds: number
  readonly issuer?: string
  readonly audience?: string
}

/**
 * A token signed with the development secret (HS256), as Verifier accepts it. Rejects with
 * `invalid` for a short secret.
 */
export async function mintToken(secret: string, request: TokenRequest): Promise<string> {
  const { tenant, publish, subscribe, admin } = request
  return new SignJWT({ weir: { tenant, publish, subscribe, ...(admin === true ? { admin } : {}) } })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(request.issuer ?? 'weir')
    .setAudience(request.audience ?? 'weir')
    .setSubject(request.subject)
    .setIssuedAt()
    .setExpirationTime(Math.floor(Date.now() / 1000) + request.ttlSeconds)
    .sign(secretKey(secret))
}

/** The bytes of an HS256 secret. Throws `invalid` when it is too short to be one. */
export function secretKey(secret: string): Uint8Array {
  const key = new TextEncoder().encode(secret)
  if (key.length < limits.jwtSecretBytesMin) {
    throw new WeirError(
      'invalid',
      `WEIR_JWT_SECRET has ${key.length} bytes; give at least ${limits.jwtSecretBytesMin}.`,
    )
  }
  return key
}
