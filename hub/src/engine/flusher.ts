import type { Source } from './source.ts'

/**
 * Decides when passes run: at once when the hub was idle, and after a pass no sooner than that pass
 * lasted. So batches grow with the load, and without load the latency is one turn of the event
 * loop.
 */
export class Flusher {
  readonly #waiting: Set<Source> = new Set()
  readonly #onPass: (seconds: number) => void
  #scheduled = false
  #earliest = 0

  /** `onPass` is called with the duration of each round of passes. */
  constructor(onPass: (seconds: number) => void) {
    this.#onPass = onPass
  }

  request(source: Source): void {
    this.#waiting.add(source)
    if (this.#scheduled) return
    this.#scheduled = true
    const wait = this.#earliest - performance.now()
    if (wait < 1) setImmediate(this.#run)
    else setTimeout(this.#run, wait)
  }

  readonly #run = (): void => {
    this.#scheduled = false
    const start = performance.now()
    const sources = [...this.#waiting]
    this.#waiting.clear()
    for (const source of sources) source.pass()
    const end = performance.now()
    this.#earliest = end + (end - start)
    this.#onPass((end - start) / 1000)
  }
}
