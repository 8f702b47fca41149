/** What one producer may send: tenant and subject of its tokens. */
export interface RateLimits {
  readonly eventsPerSecond: number
  readonly bytesPerSecond: number
}

/**
 * What one producer may still send: a token bucket of events and one of bytes, each a second deep.
 * A request is refused only when an earlier one has emptied a bucket, and is charged whole: a batch
 * that is larger than the bucket passes, and is paid for by the wait after it.
 */
export class RateBuckets {
  readonly #options: RateLimits
  #events: number
  #bytes: number
  #filledAt: number

  constructor(options: RateLimits, nowMs: number) {
    this.#options = options
    this.#events = options.eventsPerSecond
    this.#bytes = options.bytesPerSecond
    this.#filledAt = nowMs
  }

  fill(nowMs: number): void {
    const { eventsPerSecond, bytesPerSecond } = this.#options
    const seconds = Math.max(0, nowMs - this.#filledAt) / 1000
    this.#filledAt = nowMs
    this.#events = Math.min(eventsPerSecond, this.#events + seconds * eventsPerSecond)
    this.#bytes = Math.min(bytesPerSecond, this.#bytes + seconds * bytesPerSecond)
  }

  charge(events: number, bytes: number): void {
    this.#events -= events
    this.#bytes -= bytes
  }

  /** Seconds until another request is taken; 0 when one is taken now. */
  get waitSeconds(): number {
    const { eventsPerSecond, bytesPerSecond } = this.#options
    return Math.max(0, -this.#events / eventsPerSecond, -this.#bytes / bytesPerSecond)
  }

  /** Whether a producer should begin to look at the headers below. */
  get isLow(): boolean {
    return this.#events * 2 < this.#options.eventsPerSecond || this.#bytes * 2 < this.#options.bytesPerSecond
  }

  /** RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-10). */
  headers(): Record<string, string> {
    const { eventsPerSecond, bytesPerSecond } = this.#options
    const events = Math.max(0, Math.floor(this.#events))
    const bytes = Math.max(0, Math.floor(this.#bytes))
    const seconds = Math.ceil(this.waitSeconds)
    return {
      'ratelimit-policy': `"events";q=${eventsPerSecond};w=1, "bytes";q=${bytesPerSecond};qu="content-bytes";w=1`,
      ratelimit: `"events";r=${events};t=${seconds}, "bytes";r=${bytes};t=${seconds}`,
    }
  }
}
