import { checkTenant, defaultTenant, isFilter, isSubject, WeirError } from '@weir/proto'
import type { JWTPayload } from 'jose'
import { LRUCache } from 'lru-cache'
import * as v from 'valibot'
import { limits } from '../config/limits.ts'
import type { Identity } from './identity.ts'

const filters = v.optional(v.pipe(v.array(v.string()), v.maxLength(limits.tokenFiltersMax)), [])

/** What a token must hold beside the issuer and the audience, which were compared before. */
const claims = v.object({
  sub: v.pipe(v.string(), v.minLength(1), v.maxLength(limits.tokenSubjectMax)),
  exp: v.pipe(v.number(), v.finite()),
  weir: v.object({
    tenant: v.optional(v.string(), defaultTenant),
    publish: filters,
    subscribe: filters,
    admin: v.optional(v.boolean(), false),
  }),
})

/**
 * The identity in the claims of a verified token. Throws `unauthenticated` when they are not as
 * they must be.
 */
export function identityOf(payload: JWTPayload): Identity {
  const parsed = v.safeParse(claims, payload)
  if (!parsed.success) {
    const [issue] = parsed.issues
    throw refused(`The claim "${v.getDotPath(issue) ?? 'weir'}" of the token is missing or has the wrong type.`)
  }
  const { sub, exp, weir } = parsed.output
  try {
    checkTenant(weir.tenant)
  } catch (cause) {
    throw refused('The tenant in the token is not a name.', cause)
  }
  return {
    tenant: weir.tenant,
    subject: sub,
    publish: grantOf(weir.publish, sub),
    subscribe: grantOf(weir.subscribe, sub),
    admin: weir.admin,
    // A NumericDate may have a fraction (RFC 7519 section 2).
    expiresAt: Math.floor(exp),
  }
}

/**
 * A hub keeps the identity of each connection, and most tokens grant what others do: all of those
 * share it.
 */
function grantOf(filters: readonly string[], sub: string): readonly string[] {
  if (filters.some((filter) => filter.includes(placeholder))) return filters.map((filter) => expand(filter, sub))
  const key = JSON.stringify(filters)
  let grant = shared.get(key)
  if (grant === undefined) {
    grant = filters.map(checked)
    shared.set(key, grant)
  }
  return grant
}

/** Grants that name nobody, by their filters. */
const shared = new LRUCache<string, readonly string[]>({ max: limits.grantsSharedMax })

/**
 * Puts `sub` in the place of `{sub}`. A sub that is not one plain token would widen or move the
 * filter: it is refused.
 */
function expand(filter: string, sub: string): string {
  if (filter.includes(placeholder) && (!isSubject(sub) || sub.includes('.'))) {
    throw refused('The token grants by {sub}, but its sub is not one token of A-Z a-z 0-9 _ = -.')
  }
  return checked(filter.replaceAll(placeholder, sub))
}

function checked(filter: string): string {
  if (!isFilter(filter)) throw refused('A filter in the token is not one.')
  return filter
}

const placeholder = '{sub}'

function refused(message: string, cause?: unknown): WeirError {
  return new WeirError('unauthenticated', message, { cause })
}
