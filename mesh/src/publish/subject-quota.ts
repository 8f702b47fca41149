import { LRUCache } from 'lru-cache'
import { publishLimits } from '../config/limits.ts'

/**
 * How many different subjects a tenant may use: each costs memory in the store, in every hub and in
 * the latest bucket. A subject counts until it was not used for one to two windows. Counted by each
 * process for itself.
 */
export class SubjectQuota {
  readonly #subjectsMax: number
  readonly #windowMs: number
  readonly #tenants = new LRUCache<string, Window>({ max: publishLimits.tenantsMax })

  constructor(options: { readonly subjectsMax: number; readonly windowMs: number }) {
    this.#subjectsMax = options.subjectsMax
    this.#windowMs = options.windowMs
  }

  /** The subjects of a tenant at this time; ask it for each event of a request. */
  of(tenant: string, nowMs: number): Window {
    let window = this.#tenants.get(tenant)
    if (window === undefined) {
      window = new Window(this.#subjectsMax, nowMs)
      this.#tenants.set(tenant, window)
    }
    window.turn(nowMs, this.#windowMs)
    return window
  }
}

export class Window {
  readonly #subjectsMax: number
  #current = new Set<string>()
  #previous: ReadonlySet<string> = new Set<string>()
  /** Subjects of the previous window that were seen again in this one. */
  #kept = 0
  #began: number

  constructor(subjectsMax: number, nowMs: number) {
    this.#subjectsMax = subjectsMax
    this.#began = nowMs
  }

  /** Begins the next window when this one is over. */
  turn(nowMs: number, windowMs: number): void {
    if (nowMs - this.#began < windowMs) return
    this.#previous = nowMs - this.#began < 2 * windowMs ? this.#current : new Set()
    this.#current = new Set()
    this.#kept = 0
    this.#began = nowMs
  }

  get size(): number {
    return this.#current.size + this.#previous.size - this.#kept
  }

  /** Counts a subject; false when it is new and the quota is full. */
  takes(subject: string): boolean {
    if (this.#current.has(subject)) return true
    const known = this.#previous.has(subject)
    if (!known && this.size >= this.#subjectsMax) return false
    if (known) this.#kept++
    this.#current.add(subject)
    return true
  }
}
