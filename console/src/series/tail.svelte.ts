import type { Entry, HistoryPage, Weir } from '@weir/client'
import { eventTest, passes } from '../data/event-test.ts'
import { MeanRate } from '../data/mean-rate.ts'
import { parseQuery, type Query } from '../data/query.ts'
import { limits } from '../limits.ts'
import type { Desk } from '../place/desk.ts'
import type { EventPlace } from '../place/place.svelte.ts'
import { faultText } from '../words/fault-text.ts'
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
  /** Whether what is stored is here, or was not to be had. */
  opened: boolean = $state(false)
  /**
   * More comes than a page can take, let alone a person: the newest of each subject is read, at
   * intervals.
   */
  sampled: boolean = $state(false)
  /** Events under the filter a second, a mean over ten; undefined before the first second. */
  perSecond: number | undefined = $state()

  readonly #desk: Desk
  readonly #ring: (TailRow | undefined)[] = new Array(limits.tailRowsMax)
  #feed: Feed | undefined
  #total = 0
  #generation = 0
  #query: Query = parseQuery('')
  #wanted: ReturnType<typeof eventTest>
  /** Where the view ends while it stands still. */
  #frozenAt: number | undefined
  #frozen: readonly TailRow[] = []
  #scheduled = false
  #drawnAt = 0
  #drawnTotal = 0
  /** Rows that the last picture had new. */
  #burst = 0
  /** Events that came, whether their labels and types are wanted or not. */
  #received = 0
  readonly #timer: ReturnType<typeof setInterval>
  /** Of the second before: what had come; for how many seconds it is too much, or little again. */
  #second = { received: 0, total: 0, conflated: 0, streak: 0 }
  #rate = new MeanRate()
  #switch: (() => void) | undefined

  constructor(desk: Desk) {
    this.#desk = desk
    this.#timer = setInterval(() => this.#weigh(), 1000)
  }

  /** Shows the newest that are stored, and from there what comes. */
  show(weir: Weir, text: string): void {
    this.#feed?.close()
    this.#feed = undefined
    this.#ring.fill(undefined)
    this.#total = 0
    this.fault = ''
    this.sampled = false
    this.perSecond = undefined
    this.#rate = new MeanRate()
    this.opened = false
    this.#switch = undefined
    this.#drawnTotal = 0
    this.resume()
    this.#query = parseQuery(text)
    this.#wanted = eventTest(this.#query)
    void this.#open(weir, ++this.#generation)
  }

  async #open(weir: Weir, generation: number): Promise<void> {
    const { filters } = this.#query
    const take = (row: TailRow): void => {
      this.#received++
      this.#desk.seen.add(row.subject)
      if (!this.#passes(row)) return
      this.#ring[this.#total++ % limits.tailRowsMax] = row
      this.#soon()
    }
    const reader = {
      entry: take,
      ended: (error: Error) => {
        this.fault = faultText(error)
      },
    }
    const open = (cursor: string | undefined): void => {
      const reading = this.sampled
        ? ({ mode: 'LATEST', intervalMs: limits.tailSampleMs } as const)
        : ({ mode: 'ALL' } as const)
      this.#second = { received: this.#received, total: this.#total, conflated: 0, streak: 0 }
      this.#rate.add(0, performance.now())
      const from = cursor === undefined ? {} : { cursor }
      this.#feed = new Feed(this.#desk, weir, { filters, ...reading, ...from }, reader)
    }
    this.#switch = () => {
      const cursor = this.#feed?.cursor
      this.#feed?.close()
      this.sampled = !this.sampled
      open(cursor)
    }
    const begin = (past: HistoryPage | undefined): void => {
      for (const row of past?.items.toReversed() ?? []) take(row)
      this.#feed?.close()
      open(past?.cursor)
    }
    const stored = newest(weir, filters)
    const soon = await Promise.race([stored, sleep(limits.tailPastMs)])
    if (generation !== this.#generation) return
    this.opened = soon !== undefined
    begin(soon)
    if (soon !== undefined) return
    const late = await stored
    if (generation !== this.#generation) return
    if (late !== undefined && this.#total === 0) begin(late)
    this.opened = true
  }

  /**
   * What the history has around an event that is older than what is shown, newest first; nothing
   * when it is not stored any more.
   */
  async around(weir: Weir, subject: string, { seq, timeMs }: EventPlace): Promise<readonly TailRow[]> {
    if (timeMs === undefined) return []
    const { filters } = this.#query
    const [after, before] = await Promise.all([
      weir.history({ filter: filters, from: timeMs, order: 'asc', limit: limits.tailPastMax }),
      weir.history({ filter: filters, to: timeMs, order: 'desc', limit: limits.tailPastMax }),
    ]).catch(() => [])
    const rows = [...(after?.items.toReversed() ?? []), ...(before?.items ?? [])].filter((row) => this.#passes(row))
    return rows.some((row) => row.seq === seq && row.subject === subject) ? rows : []
  }

  #passes(row: TailRow): boolean {
    return this.#wanted === undefined || passes(row, this.#wanted)
  }

  /** Some seconds of too much, or of little again, change how it is read; the cursor goes along. */
  #weigh(): void {
    const before = this.#second
    const conflated = this.#feed?.conflated ?? 0
    const came = this.#received - before.received + conflated - before.conflated
    if (this.#feed !== undefined) {
      // Of what was left out nobody knows how much has the labels and types that are wanted.
      this.#rate.add(this.#wanted === undefined ? came : this.#total - before.total, performance.now())
      this.perSecond = this.#rate.perSecond(performance.now())
    }
    const isOther = this.sampled ? came < limits.tailRateMax / 2 : came > limits.tailRateMax
    const streak = isOther ? before.streak + 1 : 0
    this.#second = { received: this.#received, total: this.#total, conflated, streak }
    if (this.#second.streak >= limits.tailWeighSeconds) this.#switch?.()
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

  /** The number of an event, as `end` counts them; undefined when its row is not here. */
  numberOf(subject: string, seq: number): number | undefined {
    for (let index = 0; index < this.length; index++) {
      const row = this.at(index)
      if (row?.seq === seq && row.subject === subject) return this.end - index
    }
    return undefined
  }

  /** The view stands still; what comes is kept and counted. */
  pause(): void {
    if (this.paused) return
    const rows: TailRow[] = []
    for (let index = 0; index < this.length; index++) {
      const entry = this.at(index)
      if (entry !== undefined) rows.push(entry)
    }
    this.#freeze(rows, this.#total)
  }

  /** The view stands still at these, newest first, which are older than all that it has. */
  standAt(rows: readonly TailRow[]): void {
    this.#freeze(rows, 0)
    this.newer = this.#total
  }

  #freeze(rows: readonly TailRow[], end: number): void {
    this.#frozen = rows
    this.#frozenAt = end
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
    clearInterval(this.#timer)
    this.#generation++
    this.#feed?.close()
  }

  #soon(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    // A list that is all new with each picture cannot be read: it is drawn less often then.
    const calmMs = this.#drawnAt + limits.tailCalmMs - performance.now()
    if (this.#burst > limits.tailCalmRows && calmMs > 0) setTimeout(() => this.#draw(), calmMs)
    else this.#draw()
  }

  #draw(): void {
    requestAnimationFrame(() => {
      this.#scheduled = false
      this.#drawnAt = performance.now()
      this.#burst = this.#total - this.#drawnTotal
      this.#drawnTotal = this.#total
      if (this.#frozenAt === undefined) this.version++
      else this.newer = this.#total - this.#frozenAt
    })
  }
}

/** What is stored already; undefined when the history is away. */
function newest(weir: Weir, filters: readonly string[]): Promise<HistoryPage | undefined> {
  return weir.history({ filter: filters, order: 'desc', limit: limits.tailPastMax }).catch(() => undefined)
}

function sleep(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms))
}
