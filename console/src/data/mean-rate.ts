import { limits } from '../limits.ts'

/**
 * A mean over the last ten seconds, so that a burst and the silence after it read as what they are
 * together.
 */
export class MeanRate {
  readonly #counts = new Float64Array(limits.rateWindowSeconds + 1)
  #second = 0
  #since: number | undefined

  /** Counts what happened at this time, in milliseconds that only grow. */
  add(count: number, nowMs: number): void {
    this.#advance(nowMs)
    this.#since ??= nowMs
    this.#counts[this.#second % this.#counts.length] = (this.#counts[this.#second % this.#counts.length] ?? 0) + count
  }

  /**
   * A second. Over less than ten seconds of past it is the mean of what there is, of one second at
   * least.
   */
  perSecond(nowMs: number): number {
    this.#advance(nowMs)
    if (this.#since === undefined) return 0
    let sum = 0
    for (const count of this.#counts) sum += count
    return sum / Math.min(limits.rateWindowSeconds, Math.max(1, (nowMs - this.#since) / 1000))
  }

  #advance(nowMs: number): void {
    const second = Math.floor(nowMs / 1000)
    if (second - this.#second > limits.rateWindowSeconds) this.#counts.fill(0)
    else for (let at = this.#second + 1; at <= second; at++) this.#counts[at % this.#counts.length] = 0
    this.#second = Math.max(this.#second, second)
  }
}
