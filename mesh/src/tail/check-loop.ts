import { backoffMs } from '@weir/proto'
import { limits } from '../config/limits.ts'

export interface Checking {
  /** Checks once. `startedAt` is by performance.now(). */
  check(startedAt: number): Promise<void>
  /** Hears of a check that succeeded, unless another was asked for meanwhile. */
  completed(startedAt: number): void
  /**
   * Hears of a check that failed after so many others in a row. Returns whether to try again soon.
   */
  failed(thrown: unknown, before: number): boolean
}

/**
 * Runs one check at a time: at every interval, whenever somebody asks, and after a failure with
 * growing pauses. What is asked for while a check runs is one more check after it.
 */
export class CheckLoop {
  readonly #checking: Checking
  #timer: NodeJS.Timeout | undefined
  #retry: NodeJS.Timeout | undefined
  #failures = 0
  /** Before `begin`, what is asked for waits. */
  #isBusy = true
  #isWanted = false
  #isClosed = false

  constructor(checking: Checking) {
    this.#checking = checking
  }

  begin(everyMs: number): void {
    if (this.#isClosed) return
    this.#timer = setInterval(() => this.ask(), everyMs)
    this.#isBusy = false
    if (this.#isWanted) void this.#run()
  }

  ask(): void {
    this.#isWanted = true
    if (!this.#isBusy && !this.#isClosed) void this.#run()
  }

  /** A check that runs goes on to its end. */
  close(): void {
    this.#isClosed = true
    clearInterval(this.#timer)
    clearTimeout(this.#retry)
  }

  async #run(): Promise<void> {
    this.#isBusy = true
    clearTimeout(this.#retry)
    try {
      while (this.#isWanted && !this.#isClosed) {
        this.#isWanted = false
        const startedAt = performance.now()
        await this.#checking.check(startedAt)
        this.#failures = 0
        if (!this.#isWanted) this.#checking.completed(startedAt)
      }
    } catch (thrown) {
      this.#failed(thrown)
    } finally {
      this.#isBusy = false
    }
  }

  #failed(thrown: unknown): void {
    if (this.#isClosed || !this.#checking.failed(thrown, this.#failures)) return
    const waitMs = backoffMs(this.#failures++, limits.tailRetryMs, limits.tailRetryMaxMs)
    this.#retry = setTimeout(() => this.ask(), waitMs)
  }
}
