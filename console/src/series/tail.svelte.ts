import type { Entry, HistoryPage, Weir } from '@weir/client'
import { eventTest } from '../data/event-test.ts'
import { parseQuery, type Query } from '../data/query.ts'
import { limits } from '../limits.ts'
import type { Desk } from '../place/desk.ts'
import { Feed } from './feed.ts'

/** A row of the tail: an event as it came, or as the history has it. */
export type TailRow = Pick<Entry, 'subject' | 'seq' | 'event'>

/**
 * The last events under a filter, newest first, as they happen. Rows are decoded when they are
 * drawn.
 */
export class Tail {
  /** Grows with each picture that has something new. */
  version: number = $state(0)
  /** Events that came while the view stood still. */
  newer: number = $state(0)
  fault: string = $state('')
  paused: boolean = $state(false)

  readonly #desk: Desk
  readonly #ring: (TailRow | undefined)[] = new Array(limits.tailRowsMax)
  #feed: Feed | undefined
  #total = 0
  #generation = 0
  /** Where the view ends while it stands still. */
  #frozenAt: number | undefined
  #frozen: readonly TailRow[] = []
  #scheduled = false

  constructor(desk: Desk) {
    this.#desk = desk
  }

  /** Shows the newest that are stored, and from there what comes. */
  show(weir: Weir, text: string): void {
    this.#feed?.close()
    this.#feed = undefined
    this.#ring.fill(undefined)
    this.#total = 0
    this.newer = 0
    this.fault = ''
    this.#frozenAt = this.paused ? 0 : undefined
    this.#frozen = []
    this.version++
    void this.#open(weir, parseQuery(text), ++this.#generation)
  }

  async #open(weir: Weir, query: Query, generation: number): Promise<void> {
    const wanted = eventTest(query)
    const take = (row: TailRow): void => {
      this.#desk.seen.add(row.subject)
      if (wanted !== undefined && !passes(row, wanted)) return
      this.#ring[this.#total++ % limits.tailRowsMax] = row
      this.#soon()
    }
    const past = await newest(weir, query.filters)
    if (generation !== this.#generation) return
    for (const row of past?.items.toReversed() ?? []) take(row)
    const from = past === undefined ? {} : { cursor: past.cursor }
    this.#feed = new Feed(
      this.#desk,
      weir,
      { filters: query.filters, mode: 'ALL', ...from },
      {
        entry: take,
        ended: ({ message }) => {
          this.fault = message
        },
      },
    )
  }

  /** How many rows there are to see. */
  get length(): number {
    void this.version
    return this.#frozenAt === undefined ? Math.min(this.#total, limits.tailRowsMax) : this.#frozen.length
  }

  /** The n-th newest. */
  at(index: number): TailRow | undefined {
    void this.version
    if (this.#frozenAt !== undefined) return this.#frozen[index]
    return index < this.length ? this.#ring[(this.#total - 1 - index) % limits.tailRowsMax] : undefined
  }

  /**
   * How many came before the newest row that is seen: the number of a row that does not change as
   * others come.
   */
  get end(): number {
    void this.version
    return this.#frozenAt ?? this.#total
  }

  /** The view stands still; what comes is kept and counted. */
  pause(): void {
    if (this.paused) return
    const frozen: TailRow[] = []
    for (let index = 0; index < this.length; index++) {
      const entry = this.at(index)
      if (entry !== undefined) frozen.push(entry)
    }
    this.#frozen = frozen
    this.#frozenAt = this.#total
    this.paused = true
    this.version++
  }

  resume(): void {
    this.#frozenAt = undefined
    this.#frozen = []
    this.newer = 0
    this.paused = false
    this.version++
  }

  close(): void {
    this.#generation++
    this.#feed?.close()
  }

  #soon(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    requestAnimationFrame(() => {
      this.#scheduled = false
      if (this.#frozenAt === undefined) this.version++
      else this.newer = this.#total - this.#frozenAt
    })
  }
}

/**
 * What is stored already; undefined when the history is away or slow, as live must not wait for it.
 */
async function newest(weir: Weir, filters: readonly string[]): Promise<HistoryPage | undefined> {
  const late = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), limits.tailPastMs))
  return await Promise.race([
    late,
    weir.history({ filter: filters, order: 'desc', limit: limits.tailPastMax }).catch(() => undefined),
  ])
}

function passes(entry: TailRow, wanted: (event: Entry['event']) => boolean): boolean {
  try {
    return wanted(entry.event)
  } catch {
    return false
  }
}
