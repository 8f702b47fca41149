/**
 * Counts of durations in buckets of 1.6% width, microseconds; from many processes it is added up.
 */
export class LatencyHistogram {
  readonly #counts = new Float64Array(bucketCount)

  add(micros: number): void {
    this.#counts[bucketOf(micros)] = (this.#counts[bucketOf(micros)] as number) + 1
  }

  merge(counts: readonly (readonly [bucket: number, count: number])[]): void {
    for (const [bucket, count] of counts) this.#counts[bucket] = (this.#counts[bucket] as number) + count
  }

  /** What `merge` takes. */
  get counts(): [number, number][] {
    return [...this.#counts.entries()].filter(([, count]) => count > 0)
  }

  get total(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0)
  }

  /** Microseconds under which a share of all lies; NaN when there is none. */
  quantile(share: number): number {
    let rest = this.total * share
    for (const [bucket, count] of this.#counts.entries()) {
      rest -= count
      if (count > 0 && rest <= 0) return middleOf(bucket)
    }
    return Number.NaN
  }

  clear(): void {
    this.#counts.fill(0)
  }
}

const stepsAnOctave = 64
const bucketCount = 32 * stepsAnOctave

function bucketOf(micros: number): number {
  return Math.min(bucketCount - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, micros)) * stepsAnOctave)))
}

function middleOf(bucket: number): number {
  return 2 ** ((bucket + 0.5) / stepsAnOctave)
}
