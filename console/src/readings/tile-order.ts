import type { Sort } from '../boards/board.ts'
import { limits } from '../limits.ts'
import type { TileValue } from './tile-value.ts'

/**
 * The order of a tile's values. It is made anew once in a while and not at each frame, so that a
 * person can follow a row or a cell; at once when a value comes or goes.
 */
export class TileOrder {
  readonly #sort: Sort
  readonly #means = new Map<string, Mean>()
  #ranks: ReadonlyMap<string, number> = new Map()
  #rankedMs = Number.NEGATIVE_INFINITY

  constructor(sort: Sort) {
    this.#sort = sort
  }

  /** The values in their order. */
  of(values: readonly TileValue[], nowMs: number): TileValue[] {
    if (this.#sort === 'subject') return values.toSorted(bySubject)
    if (this.#sort === 'change') for (const value of values) this.#note(value, nowMs)
    if (nowMs - this.#rankedMs >= limits.orderMs || this.#ranks.size !== values.length) {
      this.#rankedMs = nowMs
      const weight = this.#sort === 'value' ? largest : (value: TileValue) => Math.abs(this.changeOf(value))
      const weights = new Map(values.map((value) => [value, weight(value)]))
      const ranked = values.toSorted((a, b) => (weights.get(b) ?? 0) - (weights.get(a) ?? 0) || bySubject(a, b))
      this.#ranks = new Map(ranked.map(({ subject }, rank) => [subject, rank]))
    }
    const rank = ({ subject }: TileValue): number => this.#ranks.get(subject) ?? this.#ranks.size
    return values.toSorted((a, b) => rank(a) - rank(b) || bySubject(a, b))
  }

  /** How far a number is from its mean of about the last minute; 0 for one that was never noted. */
  changeOf({ subject, number }: TileValue): number {
    const known = this.#means.get(subject)
    return known === undefined || number === undefined ? 0 : number - known.mean
  }

  #note({ subject, number }: TileValue, nowMs: number): void {
    if (number === undefined) return
    const known = this.#means.get(subject)
    if (known === undefined) {
      this.#means.set(subject, { mean: number, notedMs: nowMs })
      return
    }
    // A mean that forgets: what is older than the span counts for a third.
    known.mean += (number - known.mean) * (1 - Math.exp((known.notedMs - nowMs) / limits.changeSpanMs))
    known.notedMs = nowMs
  }
}

interface Mean {
  mean: number
  notedMs: number
}

function largest({ number }: TileValue): number {
  // Not -Infinity: the difference of two of them is no number.
  return number ?? -Number.MAX_VALUE
}

function bySubject(a: TileValue, b: TileValue): number {
  return a.subject < b.subject ? -1 : 1
}
