import { createHash } from 'node:crypto'
import { checkTenant, defaultTenant, isFilter, subjectFault, WeirError } from '@weir/proto'
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { LRUCache } from 'lru-cache'
import * as v from 'valibot'
import type { Identity } from './identity.ts'
import { limits } from './limits.ts'
import { secretKey } from './token.ts'

export interface VerifierOptions {
  /** HS256, for development. Exactly one of this and `jwksUrl`. */
  readonly jwtSecret?: string | undefined
  /** RS256, ES256 or EdDSA by the keys found there. */
  readonly jwksUrl?: string | undefined
  readonly jwtIssuer: string
  readonly jwtAudience: string
}

/** Turns tokens into identities. Which algorithms count was decided by the configuration, never by the token. */
export class Verifier {
  readonly #key: JWTVerifyGetKey
  readonly #algorithms: string[]
  readonly #issuer: string
  readonly #audience: string
  readonly #known = new LRUCache<string, Identity>({ max: limits.tokenCacheMax })

  /** Throws `invalid` when the options name no key, two, or a secret that is too short. */
  constructor(options: VerifierOptions) {
    const { jwtSecret, jwksUrl } = options
    if ((jwtSecret === undefined) === (jwksUrl === undefined)) {
      throw new WeirError('invalid', 'Set WEIR_JWKS_URL, or WEIR_JWT_SECRET for development: one of the two.')
    }
    if (jwtSecret !== undefined) {
      const key = secretKey(jwtSecret)
      this.#key = () => key
      this.#algorithms = ['HS256']
    } else {
      this.#key = createRemoteJWKSet(new URL(jwksUrl ?? ''), { timeoutDuration: limits.jwksTimeoutMs })
      this.#algorithms = ['RS256', 'ES256', 'EdDSA']
    }
    this.#issuer = options.jwtIssuer
    this.#audience = options.jwtAudience
  }

  /** Throws `unauthenticated`, `token_expired`, or `unavailable` when the keys cannot be had. */
  async verify(token: string): Promise<Identity> {
    if (token.length > limits.tokenBytesMax) throw new WeirError('unauthenticated', 'The token is too long.')
    const digest = createHash('sha256').update(token).digest('base64')
    const known = this.#known.get(digest)
    if (known !== undefined) {
      if (known.expiresAt * 1000 <= Date.now()) throw expired()
      return known
    }
    const identity = identityOf(await this.#claims(token))
    this.#known.set(digest, identity)
    return identity
  }

  async #claims(token: string): Promise<JWTPayload> {
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

const filters = v.pipe(v.array(v.string()), v.maxLength(limits.tokenFiltersMax))

const claim = v.object({
  tenant: v.optional(v.string(), defaultTenant),
  publish: v.optional(filters, []),
  subscribe: v.optional(filters, []),
  admin: v.optional(v.boolean(), false),
})

function identityOf(payload: JWTPayload): Identity {
  const parsed = v.safeParse(claim, payload.weir)
  const { sub, exp } = payload
  if (!parsed.success || sub === undefined || exp === undefined) {
    throw new WeirError('unauthenticated', 'The token has no valid claim "weir": {tenant, publish, subscribe, admin}.')
  }
  const { tenant, publish, subscribe, admin } = parsed.output
  try {
    checkTenant(tenant)
  } catch (cause) {
    throw new WeirError('unauthenticated', 'The tenant in the token is not a name.', { cause })
  }
  return {
    tenant,
    subject: sub,
    publish: publish.map((filter) => expand(filter, sub)),
    subscribe: subscribe.map((filter) => expand(filter, sub)),
    admin,
    expiresAt: exp,
  }
}

/** Puts `sub` in the place of `{sub}`. A sub that is not one plain token would widen the filter, so it is refused. */
function expand(filter: string, sub: string): string {
  const needed = filter.includes('{sub}')
  if (needed && (sub.includes('.') || subjectFault(sub, false) !== undefined)) {
    throw new WeirError(
      'unauthenticated',
      'The token grants by {sub}, but its sub is not one token of A-Z a-z 0-9 _ = -.',
    )
  }
  const expanded = needed ? filter.replaceAll('{sub}', sub) : filter
  if (!isFilter(expanded)) throw new WeirError('unauthenticated', 'A filter in the token is not one.')
  return expanded
}

function expired(): WeirError {
  return new WeirError('token_expired', 'The token has expired: get a new one.')
}

function tokenError(cause: unknown): WeirError {
  if (cause instanceof errors.JWTExpired) return expired()
  if (cause instanceof errors.JWTClaimValidationFailed) {
    return new WeirError(
      'unauthenticated',
      `The token's claim "${cause.claim}" is missing or not what is expected here.`,
      {
        cause,
      },
    )
  }
  if (cause instanceof errors.JWKSTimeout || !(cause instanceof errors.JOSEError)) {
    return new WeirError('unavailable', 'The keys to verify tokens cannot be had at the moment.', { cause })
  }
  return new WeirError('unauthenticated', 'The token is not one that is valid here.', { cause })
}
