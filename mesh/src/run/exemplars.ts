/** A value that was observed in a trace, as OpenMetrics shows it beside its bucket. */
export interface Exemplar {
  readonly traceId: string
  readonly value: number
  /** Of its observation, seconds since the Unix epoch. */
  readonly atSeconds: number
}

/**
 * The newest exemplar of each bucket of one histogram. It holds one for each bound and no more,
 * whatever is observed.
 */
export class Exemplars {
  readonly #bounds: readonly number[]
  readonly #newest: Map<number, Exemplar> = new Map()

  /** `bounds` are the upper ones of the buckets, ascending; that of the last bucket is infinite. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
  }

  keep(value: number, traceId: string): void {
    const bound = this.#bounds.find((each) => value <= each) ?? Number.POSITIVE_INFINITY
    this.#newest.set(bound, { traceId, value, atSeconds: Date.now() / 1000 })
  }

  /** That of the bucket whose upper bound is this. */
  of(bound: number): Exemplar | undefined {
    return this.#newest.get(bound)
  }
}
