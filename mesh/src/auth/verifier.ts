import { hash } from 'node:crypto'
import { WeirError } from '@weir/proto'
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { LRUCache } from 'lru-cache'
import { limits } from '../config/limits.ts'
import type { Identity } from './identity.ts'
import { secretKey } from './token.ts'
import { identityOf } from './token-claims.ts'

/** Exactly one of the two keys, and what every token must name. */
export interface VerifierOptions {
  /** HS256, for development. */
  readonly jwtSecret?: string | undefined
  /** RS256, ES256 or EdDSA, by the JSON Web Key Set that is there (RFC 7517). */
  readonly jwksUrl?: string | undefined
  readonly jwtIssuer: string
  readonly jwtAudience: string
}

/**
 * Turns tokens (JWT, RFC 7519) into identities. Which algorithms count is decided by the configuration, never by the token:
 * by RFC 8725 section 3.1 a public key is never tried as a secret. A token once verified counts until it expires.
 */
export class Verifier {
  readonly #key: JWTVerifyGetKey
  readonly #algorithms: string[]
  readonly #issuer: string
  readonly #audience: string
  /** By the hash of the token, so that no token is kept. */
  readonly #known = new LRUCache<string, Identity>({ max: limits.tokenCacheMax })

  /** Throws `invalid` when the options have no key, two, or a secret that is too short. */
  constructor({ jwtSecret, jwksUrl, jwtIssuer, jwtAudience }: VerifierOptions) {
    if (jwtSecret !== undefined && jwksUrl === undefined) {
      const key = secretKey(jwtSecret)
      this.#key = () => key
      this.#algorithms = ['HS256']
    } else if (jwksUrl !== undefined && jwtSecret === undefined) {
      this.#key = createRemoteJWKSet(new URL(jwksUrl), { timeoutDuration: limits.jwksTimeoutMs })
      this.#algorithms = ['RS256', 'ES256', 'EdDSA', 'Ed25519']
    } else {
      throw new WeirError('invalid', 'Set WEIR_JWKS_URL, or WEIR_JWT_SECRET for development: one of the two.')
    }
    this.#issuer = jwtIssuer
    this.#audience = jwtAudience
  }

  /** Throws `unauthenticated`, `token_expired`, or `unavailable` when the keys cannot be had. */
  async verify(token: string): Promise<Identity> {
    if (token.length > limits.tokenBytesMax) throw new WeirError('unauthenticated', 'The token is too long.')
    const digest = hash('sha256', token, 'base64')
    const known = this.#known.get(digest)
    if (known !== undefined) {
      if (known.expiresAt * 1000 > Date.now()) return known
      this.#known.delete(digest)
      throw expired()
    }
    const identity = identityOf(await this.#payload(token))
    this.#known.set(digest, identity)
    return identity
  }

  async #payload(token: string): Promise<JWTPayload> {
    try {
      const { payload } = await jwtVerify(token, this.#key, {
        algorithms: this.#algorithms,
        issuer: this.#issuer,
        audience: this.#audience,
        requiredClaims: ['exp', 'sub'],
      })
      return payload
    } catch (cause) {
      throw tokenError(cause)
    }
  }
}

function expired(cause?: unknown): WeirError {
  return new WeirError('token_expired', 'The token has expired: get a new one.', { cause })
}

function tokenError(cause: unknown): WeirError {
  if (cause instanceof errors.JWTExpired) return expired(cause)
  if (cause instanceof errors.JWTClaimValidationFailed) {
    const message = `The claim "${cause.claim}" of the token is missing, or not what is expected here.`
    return new WeirError('unauthenticated', message, { cause })
  }
  if (tokenFaults.some((fault) => cause instanceof fault)) {
    return new WeirError('unauthenticated', 'The token is not one that is valid here.', { cause })
  }
  return new WeirError('unavailable', 'The keys that verify tokens cannot be had at the moment.', { cause })
}

/** What is wrong with the token; every other error of jose is about the keys. */
const tokenFaults = [
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWSInvalid,
  errors.JWTInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
]
