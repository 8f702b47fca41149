import { LogCollapsingLowestDenseDDSketch } from '@datadog/sketches-js'

/** Statistics of one metric in one window. Percentiles come from a DDSketch: within 1% of the true value. */
export class MetricStatistics {
  readonly #sketch: LogCollapsingLowestDenseDDSketch
  #lastTimeMs = Number.NEGATIVE_INFINITY
  #lastSeq = 0
  count = 0
  sum = 0
  min: number = Number.POSITIVE_INFINITY
  max: number = Number.NEGATIVE_INFINITY
  /** The value that was taken last, by its time and then by its sequence. */
  last: number = Number.NaN
  unit = ''

  constructor() {
    // At most 2,048 bins: values that span more than 18 powers of ten lose precision at the low end, never memory.
    this.#sketch = new LogCollapsingLowestDenseDDSketch({ relativeAccuracy: 0.01, binLimit: 2048 })
  }

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
    this.#sketch.accept(value)
  }

  /**
   * Six digits, as the rest is neither known nor the same in every JavaScript engine.
   *
   * @param percentile from 0 to 100
   */
  percentile(percentile: number): number {
    const estimate = Number(this.#sketch.getValueAtQuantile(percentile / 100).toPrecision(6))
    return Math.min(this.max, Math.max(this.min, estimate))
  }
}
