import { eventSubject, shardOf } from '@weir/mesh/edge'
import { textHash } from '../encode/text-hash.ts'
import { ingestLimits } from '../limits.ts'

/** What the store calls a subject of a tenant. */
export interface StoredName {
  /** The NATS subject of its events. */
  readonly subject: string
  /**
   * Ends the Nats-Msg-Id of its events, after their id, so that one id on two subjects is two
   * events. It is a hash, as the server remembers the ids of two minutes.
   */
  readonly idSuffix: string
}

/** The shards of a tenant's events; undefined while they are not known. */
export type ShardsOf = (tenant: string) => readonly string[] | undefined

/**
 * Remembers the stored names of subjects, as producers use their subjects again: making one takes
 * as long as the rest of sending.
 */
export class StoredNames {
  readonly #shardsOf: ShardsOf
  readonly #tenants = new Map<string, Map<string, StoredName>>()
  #count = 0

  constructor(shardsOf: ShardsOf) {
    this.#shardsOf = shardsOf
  }

  of(tenant: string, subject: string): StoredName {
    return this.#tenants.get(tenant)?.get(subject) ?? this.#make(tenant, subject)
  }

  #make(tenant: string, subject: string): StoredName {
    const shards = this.#shardsOf(tenant)
    const idSuffix = `:${textHash(subject)}`
    // A tenant of several streams has none of this name, so that the store refuses what cannot be
    // placed, until its shards are known.
    if (shards === undefined) return { subject: eventSubject(tenant, subject), idSuffix }
    if (this.#count >= ingestLimits.subjectHashesMax) {
      this.#tenants.clear()
      this.#count = 0
    }
    let names = this.#tenants.get(tenant)
    if (names === undefined) {
      names = new Map()
      this.#tenants.set(tenant, names)
    }
    const name = { subject: eventSubject(shardOf(shards, subject), subject), idSuffix }
    names.set(subject, name)
    this.#count++
    return name
  }
}
