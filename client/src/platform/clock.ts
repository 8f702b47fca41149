/** Time as the client sees it: injected, so that tests need not wait. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /**
   * Runs the action once after so many milliseconds, unless it is cancelled by a call of what is
   * returned.
   */
  after(delayMs: number, action: () => void): () => void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, action) {
    // A longer delay would overflow and fire at once.
    const timer = setTimeout(action, Math.min(delayMs, 2_147_483_647))
    return () => clearTimeout(timer)
  },
}
