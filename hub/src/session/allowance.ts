/** How many of something one client may do: a token bucket that is two seconds deep. */
export class Allowance {
  readonly #perSecond: number
  #left: number
  #at: number

  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond
    this.#left = 2 * perSecond
    this.#at = now
  }

  /** Whether one more is within it; the clock is in milliseconds. */
  take(now: number): boolean {
    const earned = ((now - this.#at) / 1000) * this.#perSecond
    this.#at = now
    this.#left = Math.min(2 * this.#perSecond, this.#left + earned) - 1
    return this.#left >= 0
  }
}
