import type { Entry } from '../subscription/entry.ts'

/** What a store holds of one subject. It is never changed, but replaced. */
export interface LatestRow {
  readonly subject: string
  readonly entry: Entry
  /**
   * `stale`: nothing came for `staleMs`. `gone`: it was removed; the row stays for `goneMs`, so
   * that a board can say so.
   */
  readonly freshness: 'fresh' | 'stale' | 'gone'
  /**
   * It came with the state at the beginning, or after a reset: it is no news, and nothing should
   * flash.
   */
  readonly isSnapshot: boolean
  /** When the entry came, or its removal, in milliseconds of the client's clock. */
  readonly sinceMs: number
}

export interface RowLimits {
  readonly subjectsMax: number
  readonly staleMs: number
  readonly goneMs: number
}

/** The rows of a store: bounded in number, each as old as its subject. */
export class LatestRows {
  readonly #limits: RowLimits
  readonly #rows: Map<string, LatestRow> = new Map()
  #leftOut = 0
  #inSnapshot = false
  #present = 0
  /** Some row is yet to grow older. */
  #mayAge = false

  constructor(limits: RowLimits) {
    this.#limits = limits
  }

  /** Entries of subjects that found no place since the last reset. */
  get leftOut(): number {
    return this.#leftOut
  }

  /** Whether `age` may have something to do, later. */
  get mayAge(): boolean {
    return this.#mayAge
  }

  /** A Map of its own, as they are now. */
  copy(): ReadonlyMap<string, LatestRow> {
    return new Map(this.#rows)
  }

  /** The whole state follows: what is here is void. */
  reset(): void {
    this.#rows.clear()
    this.#present = 0
    this.#leftOut = 0
    this.#inSnapshot = true
  }

  /** Nothing came for a while after a reset, so the state is here: what comes now is news. */
  endSnapshot(): void {
    this.#inSnapshot = false
  }

  /** False when there was no place. */
  put(entry: Entry, nowMs: number): boolean {
    const before = this.#rows.get(entry.subject)
    const isPresent = before !== undefined && before.freshness !== 'gone'
    if (!isPresent && this.#present >= this.#limits.subjectsMax) {
      this.#leftOut++
      return false
    }
    if (!isPresent) this.#present++
    // The second entry of a subject is news, whatever the snapshot still brings.
    const isSnapshot = this.#inSnapshot && before === undefined
    this.#set({ subject: entry.subject, entry, freshness: 'fresh', isSnapshot, sinceMs: nowMs })
    return true
  }

  /** False when it was not there. */
  remove(subject: string, nowMs: number): boolean {
    const before = this.#rows.get(subject)
    if (before === undefined || before.freshness === 'gone') return false
    this.#present--
    if (this.#limits.goneMs > 0) this.#set({ ...before, freshness: 'gone', isSnapshot: false, sinceMs: nowMs })
    else this.#rows.delete(subject)
    return true
  }

  /** Lets rows grow old. Whether any did. */
  age(nowMs: number): boolean {
    const { staleMs, goneMs } = this.#limits
    let changed = false
    this.#mayAge = false
    for (const row of this.#rows.values()) {
      const ageMs = nowMs - row.sinceMs
      if (row.freshness === 'gone' && ageMs >= goneMs) this.#rows.delete(row.subject)
      else if (row.freshness === 'fresh' && ageMs >= staleMs)
        this.#rows.set(row.subject, { ...row, freshness: 'stale' })
      else {
        this.#mayAge ||= row.freshness === 'gone' || (row.freshness === 'fresh' && Number.isFinite(staleMs))
        continue
      }
      changed = true
    }
    return changed
  }

  #set(row: LatestRow): void {
    this.#mayAge ||= row.freshness === 'gone' || Number.isFinite(this.#limits.staleMs)
    this.#rows.set(row.subject, row)
  }
}
