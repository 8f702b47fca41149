import type { Weir } from '@weir/client'
import type { Event } from '@weir/proto'
import { eventTimeMs } from '../data/event-words.ts'
import { type Field, fieldsOf, numberOf } from '../data/fields.ts'
import { limits } from '../limits.ts'
import { serverNowMs } from '../link/server-time.ts'
import type { Desk } from '../place/desk.ts'
import type { EventPlace } from '../place/place.svelte.ts'
import { Feed, type FeedOptions } from '../series/feed.ts'

/** One event of the subject that is looked at. */
export interface Moment {
  readonly seq: number
  readonly event: Event
  readonly fields: readonly Field[]
}

/** A number of the subject over its last hour. */
export interface NumberLine {
  readonly name: string
  readonly unit: string
  readonly values: readonly number[]
}

/**
 * The last hour of one subject: its newest event at once, then what the history has of it, and
 * from where that ends each event.
 */
export class Detail {
  /** In the order of their sequences. */
  moments: readonly Moment[] = $state.raw([])
  /** Whether the history was asked; `away` when it did not answer. */
  history: 'asking' | 'read' | 'away' = $state('asking')
  #held: EventPlace | undefined
  ttlMs: number | undefined = $state()
  readonly #weir: Weir
  readonly #subject: string
  #bySeq = new Map<number, Moment>()
  #feed: Feed
  #closed = false
  #scheduled = false

  constructor(desk: Desk, weir: Weir, subject: string, bucket: string | undefined) {
    this.#weir = weir
    this.#subject = subject
    this.#feed = this.#follow(desk, weir, { source: bucket ?? 'events', filter: subject })
    if (bucket === undefined) void this.#readHistory(desk, weir, subject)
    else this.history = 'read'
    weir.get(bucket ?? 'latest', subject).then(
      (item) => {
        this.ttlMs = item?.ttlMs
      },
      () => undefined,
    )
  }

  /**
   * Keeps an event and the one before it, however many come after; one that is older than the rest
   * is read.
   */
  hold(event: EventPlace | undefined): void {
    this.#held = event
    if (this.history === 'read' && this.#isMissing(event)) void this.#readHeld()
  }

  close(): void {
    this.#closed = true
    this.#feed.close()
  }

  #follow(desk: Desk, weir: Weir, options: FeedOptions): Feed {
    return new Feed(desk, weir, options, {
      entry: (entry) => {
        try {
          this.#add(entry.seq, entry.detached().event)
        } catch {
          // What is no event has no details.
        }
      },
    })
  }

  async #readHistory(desk: Desk, weir: Weir, subject: string): Promise<void> {
    try {
      const range = { filter: subject, from: serverNowMs() - HOUR_MS }
      const { items, cursor } = await weir.history({ ...range, order: 'desc', limit: limits.momentsMax })
      if (this.#closed) return
      for (const { seq, event } of items) if (!this.#bySeq.has(seq)) this.#add(seq, event)
      this.#feed.close()
      this.#feed = this.#follow(desk, weir, { source: 'events', filter: subject, mode: 'ALL', cursor })
      await this.#readHeld()
    } catch {
      this.history = 'away'
    }
  }

  async #readHeld(): Promise<void> {
    const held = this.#held
    if (this.#isMissing(held)) {
      this.history = 'asking'
      const until = { filter: this.#subject, to: (held.timeMs ?? 0) + 1 }
      const items = await this.#weir.history({ ...until, order: 'desc', limit: limits.momentsMax }).then(
        (page) => page.items,
        () => [],
      )
      const at = items.findIndex(({ seq }) => seq === held.seq)
      for (const { seq, event } of at < 0 ? [] : items.slice(at, at + 2)) this.#add(seq, event)
    }
    if (held === this.#held) this.history = 'read'
    else await this.#readHeld()
  }

  #isMissing(event: EventPlace | undefined): event is EventPlace {
    return event?.timeMs !== undefined && !this.#bySeq.has(event.seq)
  }

  #add(seq: number, event: Event): void {
    this.#bySeq.set(seq, { seq, event, fields: fieldsOf(event) })
    if (this.#scheduled) return
    this.#scheduled = true
    requestAnimationFrame(() => {
      this.#scheduled = false
      const ordered = [...this.#bySeq.values()].sort((a, b) => a.seq - b.seq)
      const first = ordered.length - limits.momentsMax
      const heldAt = ordered.findIndex((moment) => moment.seq === this.#held?.seq)
      this.moments = ordered.filter((_, at) => at >= first || at === heldAt || at === heldAt - 1)
      if (first > 0) this.#bySeq = new Map(this.moments.map((moment) => [moment.seq, moment]))
    })
  }
}

/**
 * Each number that the newest event has, over the given moments, at even times; NaN where nothing
 * was.
 */
export function numberLines(moments: readonly Moment[], most: number): readonly NumberLine[] {
  const last = moments.at(-1)
  if (last === undefined) return []
  const numbers = last.fields
    .filter(({ value }) => typeof value !== 'boolean' && numberOf(value) !== undefined)
    .slice(0, most)
  const [beginMs, endMs] = spanOf(moments)
  const stepMs = Math.max(1, (endMs - beginMs) / (limits.momentPointsMax - 1))
  return numbers.map(({ name, unit }) => {
    const values = new Array<number>(limits.momentPointsMax).fill(Number.NaN)
    for (const { event, fields } of moments) {
      const value = numberOf(fields.find((field) => field.name === name)?.value)
      const at = Math.round(((eventTimeMs(event) ?? endMs) - beginMs) / stepMs)
      if (value !== undefined && at >= 0 && at < limits.momentPointsMax) values[at] = value
    }
    return { name, unit, values: bridged(values, moments.length) }
  })
}

/** From the first moment to the last, an hour at most; milliseconds since the Unix epoch. */
export function spanOf(moments: readonly Moment[]): readonly [beginMs: number, endMs: number] {
  const timeOf = (moment: Moment | undefined): number | undefined => moment && eventTimeMs(moment.event)
  const endMs = timeOf(moments.at(-1)) ?? serverNowMs()
  return [Math.max(timeOf(moments[0]) ?? endMs, endMs - HOUR_MS), endMs]
}

/** Fills what lies between two points that are as close as usual; a longer silence stays a gap. */
function bridged(values: readonly number[], points: number): number[] {
  const usual = Math.max(4, (limits.momentPointsMax / Math.max(1, points)) * 8)
  const filled = [...values]
  let lastAt = -1
  for (const [at, value] of values.entries()) {
    if (!Number.isFinite(value)) continue
    const from = values[lastAt]
    if (from !== undefined && at - lastAt <= usual) {
      for (let between = lastAt + 1; between < at; between++)
        filled[between] = from + ((value - from) * (between - lastAt)) / (at - lastAt)
    }
    lastAt = at
  }
  return filled
}

const HOUR_MS = 3_600_000
