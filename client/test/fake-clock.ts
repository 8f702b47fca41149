import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../src/platform/clock.ts'

/** A clock that stands still until a test advances it. */
export class FakeClock implements Clock {
  #now = 1_769_860_800_000
  #timers: { readonly at: number; readonly action: () => void }[] = []

  get waiting(): number {
    return this.#timers.length
  }

  now(): number {
    return this.#now
  }

  after(delayMs: number, action: () => void): () => void {
    const timer = { at: this.#now + delayMs, action }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /**
   * Runs what is due within so many milliseconds, in order, and lets promises settle after each.
   */
  async advance(milliseconds: number): Promise<void> {
    const until = this.#now + milliseconds
    for (;;) {
      const [next] = this.#timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)
      if (next === undefined) break
      this.#timers = this.#timers.filter((other) => other !== next)
      this.#now = Math.max(this.#now, next.at)
      next.action()
      await settle()
    }
    this.#now = until
    await settle()
  }

  /** As if the machine had slept: time passes and no timer has run. */
  sleep(milliseconds: number): void {
    this.#now += milliseconds
  }
}

/** Lets what promises have in store happen. */
export async function settle(): Promise<void> {
  await setImmediate()
}
