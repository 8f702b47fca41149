import { eventSubject } from '@weir/mesh/edge'
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

/**
 * Remembers the stored names of subjects, as producers use their subjects again: making one takes
 * as long as the rest of sending.
 */
export class StoredNames {
  readonly #tenants = new Map<string, Map<string, StoredName>>()
  #count = 0

  of(tenant: string, subject: string): StoredName {
    return this.#tenants.get(tenant)?.get(subject) ?? this.#make(tenant, subject)
  }

  #make(tenant: string, subject: string): StoredName {
    if (this.#count >= ingestLimits.subjectHashesMax) {
      this.#tenants.clear()
      this.#count = 0
    }
    let names = this.#tenants.get(tenant)
    if (names === undefined) {
      names = new Map()
      this.#tenants.set(tenant, names)
    }
    const name = { subject: eventSubject(tenant, subject), idSuffix: `:${textHash(subject)}` }
    names.set(subject, name)
    this.#count++
    return name
  }
}
