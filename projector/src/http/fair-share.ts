import { WeirError } from '@weir/proto'

export interface FairShareOptions {
  /** How many works run at once, of all tenants. */
  readonly atOnceMax: number
  /** How many works of one token may wait; a further one is refused as `rate_limited`. */
  readonly waitingMax: number
  /** What has waited for longer is refused as `overloaded`. */
  readonly waitMs: number
}

/** Whose work it is. */
export interface Sharer {
  readonly tenant: string
  /** The `sub` of the token. */
  readonly subject: string
}

/**
 * Lets a bounded number of works run at once, and shares it: where there are so many, one token has
 * at most half and one tenant leaves one to the others. What is free goes to tenants in turn, and
 * within a tenant to tokens in turn, so nobody waits for the queue of another.
 */
export class FairShare {
  readonly #options: FairShareOptions
  readonly #running = new Map<string, number>()
  #runningCount = 0
  /** Tenants, and the tokens of each, in the order of their turns. */
  readonly #waiting = new Map<string, Map<string, Waiting[]>>()

  constructor(options: FairShareOptions) {
    this.#options = options
  }

  /** Works that run or wait. */
  get size(): number {
    let size = this.#runningCount
    for (const tokens of this.#waiting.values()) for (const queue of tokens.values()) size += queue.length
    return size
  }

  /**
   * Throws `rate_limited` when too much of the token waits already, and `overloaded` when its turn
   * does not come in time.
   */
  async use<T>({ tenant, subject }: Sharer, work: () => Promise<T>, waitMs: number = this.#options.waitMs): Promise<T> {
    if (this.#mayRun(tenant, subject)) this.#add(tenant, subject, 1)
    else await this.#turn(tenant, subject, waitMs)
    try {
      return await work()
    } finally {
      this.#add(tenant, subject, -1)
      while (this.#runNext());
    }
  }

  /** Resolves when it has begun. */
  #turn(tenant: string, subject: string, waitMs: number): Promise<void> {
    const tokens = this.#waiting.get(tenant) ?? new Map<string, Waiting[]>()
    const queue = tokens.get(subject) ?? []
    if (queue.length >= this.#options.waitingMax) {
      const detail = `${queue.length} requests of this token wait already; ask for less at once.`
      throw new WeirError('rate_limited', detail)
    }
    this.#waiting.set(tenant, tokens)
    tokens.set(subject, queue)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#leave(tenant, subject, waiting)
        reject(new WeirError('overloaded', `The turn of this request did not come within ${waitMs} ms; try again.`))
      }, waitMs)
      const waiting = {
        begin: () => {
          clearTimeout(timer)
          resolve()
        },
      }
      queue.push(waiting)
    })
  }

  #mayRun(tenant: string, subject: string): boolean {
    const { atOnceMax } = this.#options
    return (
      this.#runningCount < atOnceMax &&
      this.#count(tenant) < Math.max(1, atOnceMax - 1) &&
      this.#count(tenant, subject) < Math.ceil(atOnceMax / 2)
    )
  }

  /** Whose turn it was goes to the end of the line. */
  #runNext(): boolean {
    for (const [tenant, tokens] of this.#waiting) {
      for (const [subject, queue] of tokens) {
        if (!this.#mayRun(tenant, subject)) continue
        tokens.delete(subject)
        this.#waiting.delete(tenant)
        const next = queue.shift()
        if (queue.length > 0) tokens.set(subject, queue)
        if (tokens.size > 0) this.#waiting.set(tenant, tokens)
        this.#add(tenant, subject, 1)
        next?.begin()
        return true
      }
    }
    return false
  }

  #leave(tenant: string, subject: string, waiting: Waiting): void {
    const tokens = this.#waiting.get(tenant)
    const left = tokens?.get(subject)?.filter((each) => each !== waiting) ?? []
    if (left.length > 0) tokens?.set(subject, left)
    else tokens?.delete(subject)
    if (tokens?.size === 0) this.#waiting.delete(tenant)
  }

  #count(...names: readonly string[]): number {
    return this.#running.get(JSON.stringify(names)) ?? 0
  }

  #add(tenant: string, subject: string, change: 1 | -1): void {
    this.#runningCount += change
    for (const names of [[tenant], [tenant, subject]]) {
      const id = JSON.stringify(names)
      const count = (this.#running.get(id) ?? 0) + change
      if (count === 0) this.#running.delete(id)
      else this.#running.set(id, count)
    }
  }
}

interface Waiting {
  readonly begin: () => void
}
