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

  /** The values in their order. Costs a sort only when places are made anew. */
  of(values: readonly TileValue[], nowMs: number): TileValue[] {
    if (this.#sort === 'change') for (const value of values) this.#note(value, nowMs)
    const isDue = this.#sort !== 'subject' && nowMs - this.#rankedMs >= limits.orderMs
    return (isDue ? undefined : this.#placed(values)) ?? this.#rank(values, nowMs)
  }

  /** Undefined when they are not those that have places. */
  #placed(values: readonly TileValue[]): TileValue[] | undefined {
    if (values.length !== this.#ranks.size) return undefined
    const placed = new Array<TileValue>(values.length)
    for (const value of values) {
      const rank = this.#ranks.get(value.subject)
      if (rank === undefined) return undefined
      placed[rank] = value
    }
    return placed
  }

  #rank(values: readonly TileValue[], nowMs: number): TileValue[] {
    this.#rankedMs = nowMs
    const ranked = this.#sort === 'subject' ? values.toSorted(bySubject) : this.#heaviestFirst(values)
    this.#ranks = new Map(ranked.map(({ subject }, rank) => [subject, rank]))
    return ranked
  }

  #heaviestFirst(values: readonly TileValue[]): TileValue[] {
    const weight = this.#sort === 'value' ? largest : (value: TileValue) => Math.abs(this.changeOf(value))
    const weights = new Map(values.map((value) => [value, weight(value)]))
    return values.toSorted((a, b) => (weights.get(b) ?? 0) - (weights.get(a) ?? 0) || bySubject(a, b))
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
