import { limits } from '../../limits.ts'
import type { Entry } from './entry.ts'
import type { TombstoneBounds } from './log-bounds.ts'

/**
 * The removals of a log in the order of sequence, with when they came: remembered in bounded number
 * and for a bounded time.
 */
export class Tombstones {
  readonly #bounds: TombstoneBounds
  #stones: { readonly entry: Entry; readonly at: number }[] = []
  #taken = 0

  constructor(bounds: TombstoneBounds) {
    this.#bounds = bounds
  }

  add(entry: Entry, now: number): void {
    this.#stones.push({ entry, at: now })
  }

  /** Takes out the oldest when it is too old or one too many, unless it came after `seq`. */
  takeExcess(seq: number, now: number): Entry | undefined {
    const { tombstonesMax, tombstoneMs } = this.#bounds
    const oldest = this.#stones[this.#taken]
    if (oldest === undefined || oldest.entry.seq > seq) return undefined
    if (this.#stones.length - this.#taken <= tombstonesMax && now - oldest.at <= tombstoneMs) return undefined
    if (++this.#taken > limits.compactMin) {
      this.#stones.splice(0, this.#taken)
      this.#taken = 0
    }
    return oldest.entry
  }

  clear(): void {
    this.#stones = []
    this.#taken = 0
  }
}
