import { Removal } from '@weir/proto'
import { type Entry, isVoid, makeVoid, newSubject, type SubjectState } from './entry.ts'
import type { LogBounds } from './log-bounds.ts'

/**
 * The newest entry of each subject. Those that have left the ring are kept in bytes of their own,
 * within the bounds.
 */
export class LatestTable {
  readonly #bounds: LogBounds
  readonly #subjects: Map<string, SubjectState> = new Map()
  #keptCount = 0
  #keptBytes = 0

  constructor(bounds: LogBounds) {
    this.#bounds = bounds
  }

  get subjectCount(): number {
    return this.#subjects.size
  }

  /** Number of newest entries that have left the ring. */
  get keptCount(): number {
    return this.#keptCount
  }

  /** Bytes that they cost. */
  get keptBytes(): number {
    return this.#keptBytes
  }

  /** Whether more subjects are kept than the bounds allow. */
  get isFull(): boolean {
    return this.#keptCount > this.#bounds.subjectsMax
  }

  stateOf(subject: string): SubjectState {
    let state = this.#subjects.get(subject)
    if (state === undefined) {
      state = newSubject(subject)
      this.#subjects.set(subject, state)
    }
    return state
  }

  /**
   * Returns the newest entry of a subject; undefined when the table has none, or only its removal.
   */
  get(subject: string): Entry | undefined {
    const entry = this.#subjects.get(subject)?.latest
    return entry === undefined || entry.removal !== Removal.UNSPECIFIED ? undefined : entry
  }

  /** Gives bytes of its own to an entry that leaves the ring as the newest of its subject. */
  keep(entry: Entry): void {
    entry.bytes = entry.bytes.slice(entry.start, entry.end)
    entry.end -= entry.start
    entry.start = 0
    this.#account(1, keptCost(entry))
  }

  /**
   * Releases the bytes of a kept entry that was superseded. Returns false when they were released
   * before.
   */
  giveUp(entry: Entry): boolean {
    if (isVoid(entry)) return false
    this.#account(-1, -keptCost(entry))
    makeVoid(entry)
    return true
  }

  /** Forgets a subject whose newest entry is kept. */
  forget(entry: Entry): boolean {
    this.#subjects.delete(entry.state.subject)
    entry.state.latest = undefined
    return this.giveUp(entry)
  }

  clear(): void {
    this.#subjects.clear()
    this.#account(-this.#keptCount, -this.#keptBytes)
  }

  #account(count: number, bytes: number): void {
    this.#keptCount += count
    this.#keptBytes += bytes
    this.#bounds.budget.addKept(bytes)
  }
}

/**
 * Estimated cost of a kept entry beside its bytes: two objects, a map slot and a typed array, at
 * 100,000 subjects.
 */
const KEPT_ENTRY_BYTES = 320

function keptCost(entry: Entry): number {
  return entry.end - entry.start + KEPT_ENTRY_BYTES
}
