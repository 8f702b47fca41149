import { limits } from '../../limits.ts'
import type { Entry } from './entry.ts'
import type { TombstoneBounds } from './log-bounds.ts'

/**
 * Remembers the removals of a log and their times of arrival, in the order of sequence, bounded by
 * number and by age.
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

  /**
   * Takes out and returns the oldest removal when it is too old or one too many, unless it came
   * after `seq`.
   */
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
