/** Lets at most so many tasks run at once; the rest waits, and owners take turns, so that none with many tasks holds up the others. */
export class Semaphore {
  readonly #max: number
  /** By owner, whose turn comes first at the beginning. */
  readonly #waiting: Map<unknown, (() => void)[]> = new Map()
  #running = 0

  constructor(max: number) {
    this.#max = max
  }

  async run<T>(owner: unknown, task: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#max) await new Promise<void>((resolve) => this.#wait(owner, resolve))
    else this.#running++
    try {
      return await task()
    } finally {
      this.#next()
    }
  }

  #wait(owner: unknown, go: () => void): void {
    const mine = this.#waiting.get(owner)
    if (mine === undefined) this.#waiting.set(owner, [go])
    else mine.push(go)
  }

  #next(): void {
    const [first] = this.#waiting
    if (first === undefined) {
      this.#running--
      return
    }
    const [owner, tasks] = first
    const go = tasks.shift()
    this.#waiting.delete(owner)
    if (tasks.length > 0) this.#waiting.set(owner, tasks)
    go?.()
  }
}
