import type { HistoryItem, HistoryPage, Weir } from '@weir/client'
import { isRetryable, WeirError } from '@weir/proto'
import { bridged } from '../data/bridged.ts'
import { eventTest } from '../data/event-test.ts'
import { eventTimeMs } from '../data/event-words.ts'
import { fieldsOf, numberOf } from '../data/fields.ts'
import { parseQuery } from '../data/query.ts'
import { limits } from '../limits.ts'
import { serverNowMs } from '../link/server-time.ts'
import type { Desk } from '../place/desk.ts'
import { faultText } from '../words/fault-text.ts'
import { Feed } from './feed.ts'

/** One line of a chart: a number of a subject. */
export interface Line {
  /** `<subject> <field>`. */
  readonly name: string
  readonly subject: string
  readonly field: string
  readonly unit: string
  /** A value a step of the span; null is a gap. */
  readonly values: (number | null)[]
}

export interface Span {
  readonly fromMs: number
  readonly toMs: number
  readonly stepMs: number
  /** Whether the right edge is now, and moves. */
  readonly live: boolean
}

/** Numbers over time: what is stored, in steps, and from where that ends what comes. */
export class HistorySeries {
  /** Begin of each step, seconds since the Unix epoch. */
  times: readonly number[] = $state.raw([])
  lines: readonly Line[] = $state.raw([])
  /** The lines that there are; `lines` holds the first of them. */
  found: number = $state(0)
  /** Of `lines`, a day before; null where nothing was. */
  before: readonly (readonly (number | null)[])[] = $state.raw([])
  /** Whether the day before was asked for and came. */
  compared: boolean = $state(false)
  state: 'reading' | 'read' = $state('reading')
  fault: string = $state('')
  stepMs: number = $state(0)

  readonly #desk: Desk
  readonly #weir: Weir
  readonly #byName = new Map<string, Map<number, number>>()
  readonly #units = new Map<string, string>()
  /** The day before: what is known of it, until when, and how more is read. */
  #past: Past | undefined
  #span: Span = { fromMs: 0, toMs: 0, stepMs: 1, live: false }
  #feed: Feed | undefined
  #generation = 0
  #again: ReturnType<typeof setTimeout> | undefined
  /** Moves the right edge, whether anything comes or not. */
  #clock: ReturnType<typeof setInterval> | undefined
  #scheduled = false

  constructor(desk: Desk, weir: Weir) {
    this.#desk = desk
    this.#weir = weir
  }

  async show(text: string, span: Span, compare: boolean): Promise<void> {
    const generation = ++this.#generation
    this.#feed?.close()
    this.#byName.clear()
    this.#span = span
    this.stepMs = span.stepMs
    clearTimeout(this.#again)
    clearInterval(this.#clock)
    this.state = 'reading'
    this.#past = undefined
    this.compared = false
    try {
      const query = parseQuery(text)
      const wanted = eventTest(query)
      const cursor = await this.#read(query.filters, span, this.#byName, generation, wanted)
      if (generation !== this.#generation) return
      this.#draw()
      this.fault = ''
      this.state = 'read'
      if (compare) await this.#compare(query.filters, span, generation, wanted)
      if (!span.live || generation !== this.#generation) return
      this.#follow(query.filters, cursor, wanted)
      this.#clock = setInterval(() => this.#soon(), Math.max(1_000, span.stepMs))
    } catch (thrown) {
      if (generation !== this.#generation) return
      this.fault = faultText(thrown)
      this.state = 'read'
      this.#draw()
      if (!(thrown instanceof WeirError) || !isRetryable(thrown.code)) return
      this.#again = setTimeout(() => void this.show(text, span, compare), limits.readAgainMs)
    }
  }

  close(): void {
    this.#generation++
    clearTimeout(this.#again)
    clearInterval(this.#clock)
    this.#feed?.close()
  }

  /**
   * Readings come as series in steps; numbers in other data are taken from the events themselves,
   * as many as fit.
   */
  async #read(
    filters: readonly string[],
    span: Span,
    into: Map<string, Map<number, number>>,
    generation: number,
    wanted: ReturnType<typeof eventTest>,
  ): Promise<string> {
    const { fromMs, toMs, stepMs } = span
    const range = { filter: filters, from: fromMs, ...(span.live ? {} : { to: toMs }) }
    if (wanted === undefined) {
      const { series = [], cursor } = await this.#weir.history({ ...range, step: stepMs / 1000 })
      for (const { subject, metric, unit = '', times, avg, last } of series) {
        for (const [at, time] of times.entries())
          this.#put(into, subject, metric, unit, time, (stepMs < limits.meanFromMs ? last[at] : avg[at]) ?? 0)
      }
      if (series.length > 0) return cursor
    }
    // The newest first, as there may be more than fit; live goes on where the first page was asked.
    const items: HistoryItem[] = []
    let first: HistoryPage | undefined
    let next: string | undefined
    for (let pages = 0; pages < limits.historyPagesMax && generation === this.#generation; pages++) {
      const more = next === undefined ? {} : { cursor: next }
      const page = await this.#weir.history({ ...range, order: 'desc', limit: 1000, ...more })
      first ??= page
      items.push(...page.items)
      next = page.next
      if (next === undefined) break
    }
    for (const { subject, event } of items.reverse()) {
      if (wanted === undefined || wanted(event)) this.#take(into, subject, event)
    }
    return first?.cursor ?? ''
  }

  #follow(filters: readonly string[], cursor: string, wanted: ReturnType<typeof eventTest>): void {
    this.#feed = new Feed(
      this.#desk,
      this.#weir,
      { filters, mode: 'ALL', ...(cursor === '' ? {} : { cursor }) },
      {
        entry: ({ subject, event }) => {
          if (wanted !== undefined && !wanted(event)) return
          this.#take(this.#byName, subject, event)
          this.#soon()
        },
        ended: (error) => {
          this.fault = faultText(error)
        },
      },
    )
  }

  /** Reads a day before the span and, where the right edge moves, as much again after it. */
  async #compare(
    filters: readonly string[],
    span: Span,
    generation: number,
    wanted: ReturnType<typeof eventTest>,
  ): Promise<void> {
    const steps = new Map<string, Map<number, number>>()
    const [fromMs, toMs] = [span.fromMs - DAY_MS, span.toMs - DAY_MS]
    const length = toMs - fromMs
    const untilMs = span.live ? toMs + length : toMs
    await this.#read(filters, { ...span, fromMs, toMs: untilMs, live: false }, steps, generation, wanted)
    if (generation !== this.#generation) return
    const more = { ...span, fromMs: span.toMs, toMs: span.toMs + length }
    this.#past = {
      steps,
      untilMs,
      further: () => void this.#compare(filters, more, generation, wanted).catch(() => {}),
    }
    this.compared = true
    this.#draw()
  }

  #take(into: Map<string, Map<number, number>>, subject: string, event: Parameters<typeof fieldsOf>[0]): void {
    const time = eventTimeMs(event) ?? serverNowMs()
    for (const { name, value, unit } of fieldsOf(event)) {
      const number = typeof value === 'boolean' ? undefined : numberOf(value)
      if (number !== undefined) this.#put(into, subject, name, unit, time, number)
    }
  }

  #put(
    into: Map<string, Map<number, number>>,
    subject: string,
    field: string,
    unit: string,
    time: number,
    value: number,
  ): void {
    const name = `${subject} ${field}`
    let steps = into.get(name)
    if (steps === undefined) {
      if (into.size >= limits.seriesNamesMax) return
      steps = new Map()
      into.set(name, steps)
      this.#units.set(name, unit)
    }
    steps.set(Math.floor(time / this.#span.stepMs) * this.#span.stepMs, value)
  }

  #soon(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setTimeout(() => {
      this.#scheduled = false
      this.#draw()
    }, 250)
  }

  #draw(): void {
    const { stepMs, live } = this.#span
    const length = this.#span.toMs - this.#span.fromMs
    const toMs = live ? serverNowMs() : this.#span.toMs
    const begin = Math.floor((toMs - length) / stepMs) * stepMs
    const times: number[] = []
    for (let time = begin; time <= toMs; time += stepMs) times.push(time / 1000)
    this.found = this.#byName.size
    const lines: Line[] = []
    for (const [name, steps] of [...this.#byName].slice(0, limits.chartLinesMax)) {
      for (const time of steps.keys()) if (time < begin) steps.delete(time)
      const at = name.indexOf(' ')
      lines.push({
        name,
        subject: name.slice(0, at),
        field: name.slice(at + 1),
        unit: this.#units.get(name) ?? '',
        values: bridged(times.map((time) => steps.get(time * 1000) ?? null)),
      })
    }
    this.times = times
    this.lines = lines
    this.#drawPast(toMs)
  }

  #drawPast(toMs: number): void {
    const past = this.#past
    if (past === undefined || past.steps.size === 0) {
      this.before = []
      return
    }
    const times = this.times.map((time) => time * 1000 - DAY_MS)
    this.before = this.lines.map(({ name }) => {
      const steps = past.steps.get(name)
      return bridged(times.map((time) => steps?.get(time) ?? null))
    })
    if (toMs - DAY_MS <= past.untilMs) return
    past.further?.()
    past.further = undefined
  }
}

interface Past {
  readonly steps: ReadonlyMap<string, ReadonlyMap<number, number>>
  readonly untilMs: number
  further: (() => void) | undefined
}

const DAY_MS = 86_400_000
