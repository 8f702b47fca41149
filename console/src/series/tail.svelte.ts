import type { Entry, Weir } from '@weir/client'
import { eventTest } from '../data/event-test.ts'
import { parseQuery } from '../data/query.ts'
import type { Desk } from '../place/desk.ts'
import { Feed } from './feed.ts'

/** The last events under a filter, newest first, as they happen. Rows are decoded when they are drawn. */
export class Tail {
  /** Grows with each picture that has something new. */
  version: number = $state(0)
  /** Events that came while the view stood still. */
  newer: number = $state(0)
  fault: string = $state('')
  paused: boolean = $state(false)

  readonly #desk: Desk
  readonly #ring: (Entry | undefined)[] = new Array(keptMax)
  #feed: Feed | undefined
  #total = 0
  /** Where the view ends while it stands still. */
  #frozenAt: number | undefined
  #frozen: readonly Entry[] = []
  #scheduled = false

  constructor(desk: Desk) {
    this.#desk = desk
  }

  /** Shows what matches from now on; the last minute of the stored past comes first. */
  show(weir: Weir, text: string): void {
    this.#feed?.close()
    this.#ring.fill(undefined)
    this.#total = 0
    this.newer = 0
    this.fault = ''
    this.#frozenAt = this.paused ? 0 : undefined
    this.#frozen = []
    this.version++
    const query = parseQuery(text)
    const wanted = eventTest(query)
    this.#feed = new Feed(
      this.#desk,
      weir,
      { filters: query.filters, mode: 'ALL' },
      {
        entry: (entry) => {
          this.#desk.seen.add(entry.subject)
          if (wanted !== undefined && !passes(entry, wanted)) return
          this.#ring[this.#total++ % keptMax] = entry
          this.#soon()
        },
        ended: ({ message }) => {
          this.fault = message
        },
      },
    )
  }

  /** How many rows there are to see. */
  get length(): number {
    void this.version
    return this.#frozenAt === undefined ? Math.min(this.#total, keptMax) : this.#frozen.length
  }

  /** The n-th newest. */
  at(index: number): Entry | undefined {
    void this.version
    if (this.#frozenAt !== undefined) return this.#frozen[index]
    return index < this.length ? this.#ring[(this.#total - 1 - index) % keptMax] : undefined
  }

  /** How many came before the newest row that is seen: the number of a row that does not change as others come. */
  get end(): number {
    void this.version
    return this.#frozenAt ?? this.#total
  }

  /** The view stands still; what comes is kept and counted. */
  pause(): void {
    if (this.paused) return
    const frozen: Entry[] = []
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

/** Rows that are kept; older ones are in the history. */
const keptMax = 10_000

function passes(entry: Entry, wanted: (event: Entry['event']) => boolean): boolean {
  try {
    return wanted(entry.event)
  } catch {
    return false
  }
}
