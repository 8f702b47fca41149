/**
 * Lets at most so many tasks run at once; the rest waits. Groups take turns, and within a group its
 * owners do, so that none with many tasks holds up the others; and no group ever has all the
 * places.
 */
export class Semaphore {
  readonly #max: number
  readonly #groupMax: number
  #running = 0
  readonly #runningOf: Map<unknown, number> = new Map()
  /** By group and owner, those whose turn comes first at the beginning. */
  readonly #waiting: Map<unknown, Map<unknown, (() => void)[]>> = new Map()

  constructor(max: number) {
    this.#max = max
    this.#groupMax = Math.max(1, max - 1)
  }

  async run<T>(group: unknown, owner: unknown, task: () => Promise<T>): Promise<T> {
    if (this.#mayRun(group)) this.#enter(group)
    else await new Promise<void>((resolve) => this.#wait(group, owner, resolve))
    try {
      return await task()
    } finally {
      this.#leave(group)
      this.#next()
    }
  }

  #mayRun(group: unknown): boolean {
    return this.#running < this.#max && (this.#runningOf.get(group) ?? 0) < this.#groupMax
  }

  #enter(group: unknown): void {
    this.#running++
    this.#runningOf.set(group, (this.#runningOf.get(group) ?? 0) + 1)
  }

  #leave(group: unknown): void {
    this.#running--
    const left = (this.#runningOf.get(group) ?? 0) - 1
    if (left > 0) this.#runningOf.set(group, left)
    else this.#runningOf.delete(group)
  }

  #wait(group: unknown, owner: unknown, go: () => void): void {
    const owners = this.#waiting.get(group) ?? new Map<unknown, (() => void)[]>()
    this.#waiting.set(group, owners)
    const mine = owners.get(owner)
    if (mine === undefined) owners.set(owner, [go])
    else mine.push(go)
  }

  #next(): void {
    for (const [group, owners] of this.#waiting) {
      if (!this.#mayRun(group)) continue
      const go = takeTurn(owners)
      this.#waiting.delete(group)
      if (owners.size > 0) this.#waiting.set(group, owners)
      this.#enter(group)
      go?.()
      return
    }
  }
}

/** The first of the first owner, who goes to the end. */
function takeTurn(owners: Map<unknown, (() => void)[]>): (() => void) | undefined {
  const [first] = owners
  if (first === undefined) return undefined
  const [owner, tasks] = first
  owners.delete(owner)
  if (tasks.length > 1) owners.set(owner, tasks)
  return tasks.shift()
}
