/**
 * The newest time at which something happened, by key: what came later and happened before is no
 * news. Bounded: of too many keys those that nothing came for longest are forgotten, and a
 * forgotten key takes its next event as news.
 */
export class NewestTimes {
  readonly #keysMax: number
  readonly #times = new Map<string, number>()

  constructor(keysMax: number) {
    this.#keysMax = keysMax
  }

  /**
   * Whether something that happened then is at least as new as everything that is known of the key.
   */
  isNews(key: string, timeMs: number): boolean {
    return timeMs >= (this.#times.get(key) ?? Number.NEGATIVE_INFINITY)
  }

  note(key: string, timeMs: number): void {
    this.#times.delete(key)
    this.#times.set(key, timeMs)
    if (this.#times.size <= this.#keysMax) return
    const [oldest] = this.#times.keys()
    if (oldest !== undefined) this.#times.delete(oldest)
  }

  clear(): void {
    this.#times.clear()
  }
}
