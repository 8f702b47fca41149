import { compileFilters, filterContains } from '@weir/proto'
import { limits } from '../config/limits.ts'

/** Who sent a request and what the token grants. */
export interface Identity {
  readonly tenant: string
  /** The `sub` of the token. */
  readonly subject: string
  /** Valid filters, with `{sub}` filled in. */
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
  readonly admin: boolean
  /** Whole seconds since the Unix epoch. */
  readonly expiresAt: number
  /** The thumbprint of the public key that signed the token; absent with a secret. */
  readonly key?: string
}

/**
 * Whether the identity may publish to a valid subject. Ingest asks for each event, so the filters
 * are compiled once.
 */
export function mayPublish(identity: Identity, subject: string): boolean {
  let matches = compiled.get(identity)
  if (matches === undefined) {
    matches = compileFilters(identity.publish)
    compiled.set(identity, matches)
  }
  return matches(subject)
}

/**
 * Whether the identity may subscribe to every one of these valid filters: each must lie within one
 * granted filter.
 */
export function maySubscribe(identity: Identity, filters: readonly string[]): boolean {
  return filters.every((filter) => identity.subscribe.some((grant) => filterContains(grant, filter)))
}

/** What a token grants, in words for its holder; cut where it is long. */
export function grantsText(filters: readonly string[]): string {
  return filters.length === 0 ? 'it grants nothing of the kind' : `it grants ${cut(filters.join(', '))}`
}

function cut(text: string): string {
  return text.length <= limits.grantsQuotedMax ? text : `${text.slice(0, limits.grantsQuotedMax)}...`
}

const compiled = new WeakMap<Identity, (subject: string) => boolean>()
