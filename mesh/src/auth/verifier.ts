import { hash } from 'node:crypto'
import { formatDuration, WeirError } from '@weir/proto'
import { calculateJwkThumbprint, errors, exportJWK, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { LRUCache } from 'lru-cache'
import { limits } from '../config/limits.ts'
import { Denials } from './denials.ts'
import type { Identity } from './identity.ts'
import { KeySet } from './key-set.ts'
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
  /** A token that expires later than this from now is refused. */
  readonly tokenLifeMs?: number
}

/**
 * Turns tokens (JWT, RFC 7519) into identities. Which algorithms count is decided by the
 * configuration, never by the token: by RFC 8725 section 3.1 a public key is never tried as a
 * secret. A token once verified counts until it expires or its key is withdrawn.
 */
export class Verifier {
  /** Whose tokens count no more. */
  readonly denials: Denials = new Denials()
  readonly #key: JWTVerifyGetKey
  readonly #algorithms: string[]
  readonly #issuer: string
  readonly #audience: string
  readonly #lifeMs: number
  /** Undefined with a secret, which is never withdrawn. */
  readonly #keys: KeySet | undefined
  /** Of the keys by which what is known was verified. */
  #version = 0
  /** By the hash of the token, so that no token is kept. */
  readonly #known = new LRUCache<string, Identity>({ max: limits.tokenCacheMax })

  /** Throws `invalid` when the options have no key, two, or a secret that is too short. */
  constructor(options: VerifierOptions) {
    const { jwtSecret, jwksUrl, jwtIssuer, jwtAudience, tokenLifeMs = limits.tokenLifeMs } = options
    if (jwtSecret !== undefined && jwksUrl === undefined) {
      const key = secretKey(jwtSecret)
      this.#key = () => key
      this.#algorithms = ['HS256']
    } else if (jwksUrl !== undefined && jwtSecret === undefined) {
      this.#keys = new KeySet(jwksUrl)
      this.#key = this.#keys.find
      this.#algorithms = ['RS256', 'ES256', 'EdDSA', 'Ed25519']
    } else {
      throw new WeirError('invalid', 'Set WEIR_JWKS_URL, or WEIR_JWT_SECRET for development: one of the two.')
    }
    this.#issuer = jwtIssuer
    this.#audience = jwtAudience
    this.#lifeMs = tokenLifeMs
  }

  /** Undefined when tokens are verified by a secret. */
  get keys(): KeySet | undefined {
    return this.#keys
  }

  /**
   * Throws `unauthenticated`, `token_expired`, `revoked` for one who was denied, or `unavailable`
   * when the key cannot be had.
   */
  async verify(token: string): Promise<Identity> {
    if (token.length > limits.tokenBytesMax) throw new WeirError('unauthenticated', 'The token is too long.')
    this.#forgetWithdrawn()
    const digest = hash('sha256', token, 'base64')
    const known = this.#known.get(digest)
    if (known !== undefined) {
      if (known.expiresAt * 1000 > Date.now()) {
        this.denials.check(known)
        return known
      }
      this.#known.delete(digest)
      throw expired()
    }
    const identity = await this.#identity(token)
    this.#known.set(digest, identity)
    this.denials.check(identity)
    return identity
  }

  /**
   * Whether what was verified once still holds, for those whose connections stay: throws
   * `token_expired`, or `revoked` when the holder was denied, or the key that signed the token is
   * no longer one of the keys.
   */
  check(identity: Identity): void {
    const { expiresAt, key } = identity
    if (expiresAt * 1000 <= Date.now()) throw expired()
    this.denials.check(identity)
    if (key === undefined || this.#keys === undefined || this.#keys.has(key)) return
    throw new WeirError('revoked', 'The key that signed this token was withdrawn: get a new token.')
  }

  /** What was verified by other keys is verified again when it comes. */
  #forgetWithdrawn(): void {
    const version = this.#keys?.version ?? 0
    if (version === this.#version) return
    this.#version = version
    this.#known.clear()
  }

  async #identity(token: string): Promise<Identity> {
    try {
      const { payload, key } = await jwtVerify(token, this.#key, {
        algorithms: this.#algorithms,
        issuer: this.#issuer,
        audience: this.#audience,
        requiredClaims: ['exp', 'sub'],
      })
      const identity = identityOf(payload)
      this.#checkLife(identity)
      if (this.#keys === undefined) return identity
      return { ...identity, key: await calculateJwkThumbprint(await exportJWK(key)) }
    } catch (cause) {
      throw tokenError(cause)
    }
  }

  #checkLife({ expiresAt }: Identity): void {
    if (expiresAt * 1000 - Date.now() <= this.#lifeMs) return
    const most = formatDuration(this.#lifeMs)
    throw new WeirError(
      'unauthenticated',
      `The token lives longer than the ${most} that are allowed here (WEIR_TOKEN_LIFE_SECONDS): give it an earlier exp.`,
    )
  }
}

function expired(cause?: unknown): WeirError {
  return new WeirError('token_expired', 'The token has expired: get a new one.', { cause })
}

function tokenError(cause: unknown): WeirError {
  if (cause instanceof WeirError) return cause
  if (cause instanceof errors.JWTExpired) return expired(cause)
  if (cause instanceof errors.JWTClaimValidationFailed) {
    const message = `The claim "${cause.claim}" of the token is missing, or not what is expected here.`
    return new WeirError('unauthenticated', message, { cause })
  }
  const fault = tokenFaults.find(({ errors: kinds }) => kinds.some((kind) => cause instanceof kind))
  if (fault !== undefined) return new WeirError('unauthenticated', fault.message, { cause })
  return new WeirError('unavailable', 'The keys that verify tokens cannot be had at the moment.', { cause })
}

/** What is wrong with the token; every other error of jose is about the keys. */
const tokenFaults = [
  {
    errors: [errors.JWSInvalid, errors.JWTInvalid],
    message: 'The token is no JWT (RFC 7519), which is three texts with dots between them.',
  },
  {
    errors: [errors.JOSEAlgNotAllowed, errors.JOSENotSupported],
    message: 'The token is signed in a way that does not count here (its header says alg and crit).',
  },
  {
    errors: [errors.JWSSignatureVerificationFailed, errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys],
    message: 'The token is signed by another key or secret than those that count here.',
  },
]
