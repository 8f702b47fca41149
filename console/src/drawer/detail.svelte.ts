import type { Weir } from '@weir/client'
import type { Event } from '@weir/proto'
import { eventTimeMs } from '../data/event-words.ts'
import { type Field, fieldsOf, numberOf } from '../data/fields.ts'
import { limits } from '../limits.ts'
import { serverNowMs } from '../link/server-time.ts'
import type { Desk } from '../place/desk.ts'
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
  ttlMs: number | undefined = $state()
  readonly #bySeq = new Map<number, Moment>()
  #feed: Feed
  #closed = false
  #scheduled = false

  constructor(desk: Desk, weir: Weir, subject: string, bucket: string | undefined) {
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
      this.history = 'read'
      this.#feed.close()
      this.#feed = this.#follow(desk, weir, { source: 'events', filter: subject, mode: 'ALL', cursor })
    } catch {
      this.history = 'away'
    }
  }

  #add(seq: number, event: Event): void {
    this.#bySeq.set(seq, { seq, event, fields: fieldsOf(event) })
    if (this.#scheduled) return
    this.#scheduled = true
    requestAnimationFrame(() => {
      this.#scheduled = false
      const ordered = [...this.#bySeq.values()].sort((a, b) => a.seq - b.seq)
      for (const { seq: old } of ordered.slice(0, -limits.momentsMax)) this.#bySeq.delete(old)
      this.moments = ordered.slice(-limits.momentsMax)
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
