import type { Removal } from '@weir/proto'
/** A copy of an entry that arrived. */
export interface HeldEntry {
  readonly subject: string
  readonly payload: Uint8Array
  readonly removal: Removal
}

/**
 * The entries that arrived past a hole which is being filled, by sequence. Their number is bounded;
 * the stream has those that find no room.
 */
export class HeldEntries {
  readonly #bounds: HeldBounds
  readonly #entries: Map<number, HeldEntry> = new Map()
  #bytes = 0
  #last = 0

  constructor(bounds: HeldBounds) {
    this.#bounds = bounds
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0
  }

  /** The highest sequence that ever arrived, whether its entry was kept or not; 0 when none did. */
  get last(): number {
    return this.#last
  }

  /** Whether there is room for one more entry. */
  get hasRoom(): boolean {
    return this.#entries.size < this.#bounds.heldMax && this.#bytes < this.#bounds.heldBytesMax
  }

  /** Records a sequence that arrived, and keeps its entry if one is given. */
  add(seq: number, entry: HeldEntry | undefined): void {
    if (seq > this.#last) this.#last = seq
    if (entry === undefined || this.#entries.has(seq)) return
    this.#entries.set(seq, entry)
    this.#bytes += entry.payload.length
  }

  /** Removes and returns an entry; undefined when it is not held. */
  take(seq: number): HeldEntry | undefined {
    const entry = this.#entries.get(seq)
    if (entry === undefined) return undefined
    this.#entries.delete(seq)
    this.#bytes -= entry.payload.length
    return entry
  }

  /** Drops all entries up to a sequence. */
  passed(seq: number): void {
    for (const key of this.#entries.keys()) if (key <= seq) this.take(key)
  }
}

export interface HeldBounds {
  readonly heldMax: number
  /** Most bytes of payloads; one entry may exceed it. */
  readonly heldBytesMax: number
}
