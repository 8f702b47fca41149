/** How many of something one client may do: a token bucket that is two seconds deep. */
export class Allowance {
  readonly #perSecond: number
  /** In thousandths, so that a whole millisecond earns a whole number. */
  #left: number
  #at: number

  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond
    this.#left = 2_000 * perSecond
    this.#at = Math.floor(now)
  }

  /** Whether one more is within it; the clock is in milliseconds. */
  take(now: number): boolean {
    const at = Math.floor(now)
    const earned = (at - this.#at) * this.#perSecond
    this.#at = at
    this.#left = Math.min(2_000 * this.#perSecond, this.#left + earned) - 1_000
    return this.#left >= 0
  }
}
