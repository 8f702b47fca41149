import { v7 } from 'uuid'

/**
 * Ids for the records of one request that came without: `<key>:<index>` where the request has a key, so that the same
 * request again stores nothing twice; else UUIDv7s that count up from a random one (RFC 9562 section 6.2, method 2).
 */
export class EventIds {
  readonly #key: string | undefined
  #prefix = ''
  #next = 0

  constructor(key?: string) {
    this.#key = key
  }

  idOf(index: number): string {
    return this.#key === undefined ? this.freshId() : `${this.#key}:${index}`
  }

  /** An id that no event has, whatever the request's key. */
  freshId(): string {
    if (this.#prefix === '') {
      const uuid = v7()
      this.#prefix = uuid.slice(0, 24)
      // The last 48 bits; their top bit is cleared so that counting up never runs over.
      this.#next = Number.parseInt(uuid.slice(24), 16) % 2 ** 47
    }
    return this.#prefix + (this.#next++).toString(16).padStart(12, '0')
  }
}
