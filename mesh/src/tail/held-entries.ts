import type { Removal } from '@weir/proto'
/** An entry as it arrived, copied. */
export interface HeldEntry {
  readonly subject: string
  readonly payload: Uint8Array
  readonly removal: Removal
}

/**
 * What arrived past a hole that is being filled, by sequence; bounded, since all of it can be read
 * from the stream as well.
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

  /** The highest sequence that ever came, whether it was kept or not; 0 when none did. */
  get last(): number {
    return this.#last
  }

  /** Whether one more is kept. */
  get hasRoom(): boolean {
    return this.#entries.size < this.#bounds.heldMax && this.#bytes < this.#bounds.heldBytesMax
  }

  /** Takes note of a sequence that arrived, and keeps its entry where there is one. */
  add(seq: number, entry: HeldEntry | undefined): void {
    if (seq > this.#last) this.#last = seq
    if (entry === undefined || this.#entries.has(seq)) return
    this.#entries.set(seq, entry)
    this.#bytes += entry.payload.length
  }

  /** Gives an entry away; undefined when it is not held. */
  take(seq: number): HeldEntry | undefined {
    const entry = this.#entries.get(seq)
    if (entry === undefined) return undefined
    this.#entries.delete(seq)
    this.#bytes -= entry.payload.length
    return entry
  }

  /** Drops everything up to a sequence. */
  passed(seq: number): void {
    for (const key of this.#entries.keys()) if (key <= seq) this.take(key)
  }
}

export interface HeldBounds {
  readonly heldMax: number
  /** Payloads; one entry may go past it. */
  readonly heldBytesMax: number
}
