import type { ValueStamp } from './value-stamp.ts'

/**
 * What a writer knows of a key. Flat, as there is one for each: some 130 bytes beside the key
 * itself.
 */
export interface KeyEntry {
  readonly key: string
  /** Sequence of its last message in the bucket's stream; 0 when there is none. */
  revision: number
  /** The stamp of what is stored. */
  epoch: number
  seq: number
  atMs: number
  /** The value that is in flight. */
  sent: KeyValue | undefined
  /** The newest value that waits. */
  next: KeyValue | undefined
  /** Failed attempts of what is sent. */
  attempts: number
}

export interface KeyValue extends ValueStamp {
  readonly atMs: number
  readonly payload: Uint8Array
  /** 0 for the bucket's own TTL, Infinity for none. */
  readonly ttlSeconds: number
  /** Of its event when it was put; 0 for one that just came. */
  readonly ageMs: number
  /** Of the write barrier. */
  readonly generation: number
}

export function setStamp(entry: KeyEntry, { epoch, seq, atMs = 0 }: ValueStamp): void {
  entry.epoch = epoch
  entry.seq = seq
  entry.atMs = atMs
}

/**
 * The keys of a bucket that a writer knows, bounded: a key that is forgotten costs one conflict
 * when it is put again.
 */
export class KeyEntries {
  readonly #entries = new Map<string, KeyEntry>()
  readonly #keysMax: number
  /** At so many keys it is looked again which can be forgotten. */
  #evictAt: number
  #heldBytes = 0

  constructor(keysMax: number) {
    this.#keysMax = keysMax
    this.#evictAt = keysMax
  }

  get size(): number {
    return this.#entries.size
  }

  /** Bytes of the values that wait. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Lets a value wait, in place of one that did. */
  hold(entry: KeyEntry, value: KeyValue): void {
    this.#heldBytes += value.payload.length - (entry.next?.payload.length ?? 0)
    entry.next = value
  }

  /** The value that waited and does no more. */
  release(entry: KeyEntry): KeyValue | undefined {
    const { next } = entry
    entry.next = undefined
    this.#heldBytes -= next?.payload.length ?? 0
    return next
  }

  /** What is known of a key, from now on at the least that it exists. */
  of(key: string): KeyEntry {
    let entry = this.#entries.get(key)
    if (entry === undefined) {
      if (this.#entries.size >= this.#evictAt) this.#evict()
      entry = { key, revision: 0, epoch: 0, seq: 0, atMs: 0, sent: undefined, next: undefined, attempts: 0 }
      this.#entries.set(key, entry)
    }
    return entry
  }

  find(key: string): KeyEntry | undefined {
    return this.#entries.get(key)
  }

  all(): readonly KeyEntry[] {
    return [...this.#entries.values()]
  }

  /** Forgets every key that has nothing in flight; what waited there is handed to `dropped`. */
  clear(dropped: (value: KeyValue) => void): void {
    for (const [key, entry] of this.#entries) {
      if (entry.sent !== undefined) continue
      this.#entries.delete(key)
      const waited = this.release(entry)
      if (waited !== undefined) dropped(waited)
    }
  }

  /**
   * Makes room for a tenth of the keys: forgets those that were learnt first, but none with a value
   * that is not stored yet. Where nearly all have one, as while a bucket is written anew, the next
   * look is a tenth of the keys later: otherwise each new key would cost a look at all of them.
   */
  #evict(): void {
    const tenth = Math.ceil(this.#keysMax / 10)
    let left = this.#entries.size + tenth - this.#keysMax
    for (const [key, { sent, next }] of this.#entries) {
      if (sent !== undefined || next !== undefined) continue
      this.#entries.delete(key)
      if (--left === 0) break
    }
    this.#evictAt = Math.max(this.#keysMax, this.#entries.size + tenth)
  }
}
