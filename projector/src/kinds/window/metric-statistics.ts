import { LogCollapsingLowestDenseDDSketch } from '@datadog/sketches-js'
import { limits } from '../../limits.ts'

/**
 * Statistics of one metric in one window. A percentile is the value of nearest rank, as NIST and
 * most monitoring have it: the smallest value that at least so many percent of all values do not
 * exceed. It is exact up to `limits.exactValuesMax` values; of more, a DDSketch gives it within 1%.
 * What is made of the same values does not depend on their order.
 */
export class MetricStatistics {
  /** All values, while they are few enough to be kept. */
  #values: number[] | undefined = []
  #sketch: LogCollapsingLowestDenseDDSketch | undefined
  #lastTimeMs = Number.NEGATIVE_INFINITY
  #lastSeq = 0
  count = 0
  sum = 0
  min: number = Number.POSITIVE_INFINITY
  max: number = Number.NEGATIVE_INFINITY
  /** The value that was taken last, by its time and then by its sequence. */
  last: number = Number.NaN
  unit = ''

  add(value: number, timeMs: number, seq: number, unit: string): void {
    this.count++
    this.sum += value
    if (value < this.min) this.min = value
    if (value > this.max) this.max = value
    if (timeMs > this.#lastTimeMs || (timeMs === this.#lastTimeMs && seq > this.#lastSeq)) {
      this.#lastTimeMs = timeMs
      this.#lastSeq = seq
      this.last = value
    }
    if (unit !== '') this.unit = unit
    if (this.#sketch !== undefined) this.#sketch.accept(value)
    else this.#keep(value)
  }

  /** @param percentile from 0 to 100 */
  percentile(percentile: number): number {
    const rank = rankOf(percentile, this.count)
    if (this.#values !== undefined) return this.#values.sort((a, b) => a - b)[rank - 1] ?? Number.NaN
    if (rank === this.count) return this.max
    // The sketch takes a share of the values before the last one. Half a value more keeps rounding
    // from reaching the one before.
    const share = (rank - 0.5) / (this.count - 1)
    // Six digits: the rest is neither known nor the same in every JavaScript engine.
    const estimate = Number((this.#sketch?.getValueAtQuantile(share) ?? Number.NaN).toPrecision(6))
    return Math.min(this.max, Math.max(this.min, estimate))
  }

  #keep(value: number): void {
    this.#values?.push(value)
    if (this.#values === undefined || this.#values.length <= limits.exactValuesMax) return
    // At most 2,048 bins: values that span more than 18 powers of ten lose precision at the low
    // end, never memory.
    this.#sketch = new LogCollapsingLowestDenseDDSketch({ relativeAccuracy: 0.01, binLimit: 2048 })
    for (const kept of this.#values) this.#sketch.accept(kept)
    this.#values = undefined
  }
}

/**
 * Nearest rank, from 1: the percentile's share of the count, rounded up. Twelve digits keep 7% of
 * 100 from being 8.
 */
function rankOf(percentile: number, count: number): number {
  return Math.max(1, Math.ceil(Number(((percentile * count) / 100).toPrecision(12))))
}
