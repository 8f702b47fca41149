import { create } from '@bufbuild/protobuf'
import { type Event, EventSchema, formatTimestamp, timestampFromMilliseconds } from '@weir/proto'
import type { WindowSpec } from '../../declaration/window-spec.ts'
import { MetricStatistics } from './metric-statistics.ts'

/** A window of one key while events may still come. */
export interface OpenWindow {
  readonly key: string
  readonly startMs: number
  readonly endMs: number
  /**
   * The last event that was folded in, or into an earlier window of the key that closed meanwhile.
   */
  seq: number
  storedAtMs: number
  readonly metrics: Map<string, MetricStatistics>
}

export type WindowShape = Pick<WindowSpec, 'sizeMs' | 'latenessMs' | 'metrics' | 'percentiles'>

/** What `add` did with a reading. */
export type Added = OpenWindow | 'late' | 'full' | 'nothing'

/**
 * Tumbling windows by event time, aligned to 1970. An event counts while its window is open: until
 * `latenessMs` after the end of the window, by the time at which the stream took the event; so what
 * a window holds follows from the stream alone, not from when it is read.
 */
export class WindowFold {
  readonly #shape: WindowShape
  readonly #seriesMax: number
  /** By key and begin. */
  readonly #open = new Map<string, OpenWindow>()
  #series = 0
  /** When the first of them closes. */
  #closesAtMs = Number.POSITIVE_INFINITY

  /**
   * @param seriesMax metrics of all open windows together; a reading that would pass it is left out
   */
  constructor(shape: WindowShape, seriesMax: number) {
    this.#shape = shape
    this.#seriesMax = seriesMax
  }

  get openWindows(): number {
    return this.#open.size
  }

  startOf(timeMs: number): number {
    return Math.floor(timeMs / this.#shape.sizeMs) * this.#shape.sizeMs
  }

  /** @param key of the window; windows of different begins may share one */
  add(key: string, event: Event, timeMs: number, seq: number, storedAtMs: number): Added {
    const startMs = this.startOf(timeMs)
    const endMs = startMs + this.#shape.sizeMs
    if (storedAtMs >= endMs + this.#shape.latenessMs) return 'late'
    const window = this.#windowOf(key, startMs, endMs)
    let outcome = 'nothing' as Added
    this.#shape.metrics.visit(event, (name, value, unit) => {
      const statistics = outcome === 'full' ? undefined : this.#statisticsOf(window, name)
      statistics?.add(value, timeMs, seq, unit)
      outcome = statistics === undefined ? 'full' : window
    })
    if (outcome === window) {
      window.seq = seq
      window.storedAtMs = storedAtMs
    }
    return outcome
  }

  /**
   * Forgets the windows that no event stored at this time or later can change; gives them, the
   * earliest first.
   */
  close(storedAtMs: number): readonly OpenWindow[] {
    if (storedAtMs < this.#closesAtMs) return []
    const closed: OpenWindow[] = []
    const lastSeqs = new Map<string, number>()
    for (const [id, window] of this.#open) {
      if (this.#closeOf(window) > storedAtMs) continue
      this.#open.delete(id)
      this.#series -= window.metrics.size
      closed.push(window)
      lastSeqs.set(window.key, Math.max(window.seq, lastSeqs.get(window.key) ?? 0))
    }
    this.#closesAtMs = Number.POSITIVE_INFINITY
    for (const window of this.#open.values()) {
      this.#closesAtMs = Math.min(this.#closesAtMs, this.#closeOf(window))
      window.seq = Math.max(window.seq, lastSeqs.get(window.key) ?? 0)
    }
    return closed.sort((a, b) => a.startMs - b.startMs)
  }

  clear(): void {
    this.#open.clear()
    this.#series = 0
    this.#closesAtMs = Number.POSITIVE_INFINITY
  }

  /**
   * The value of a window: a reading of `<metric>.count`, `.sum`, `.min`, `.max`, `.avg`, `.last`
   * and `.p<percentile>`.
   */
  toEvent({ key, startMs, endMs, metrics }: OpenWindow): Event {
    const values: [string, number][] = []
    const units: [string, string][] = []
    for (const [name, statistics] of metrics) {
      values.push([`${name}.count`, statistics.count])
      const { sum, min, max, last, unit } = statistics
      const measured: [string, number][] = [
        ['sum', sum],
        ['min', min],
        ['max', max],
        ['avg', sum / statistics.count],
        ['last', last],
        ...this.#shape.percentiles.map((p): [string, number] => [`p${p}`, statistics.percentile(p)]),
      ]
      for (const [suffix, value] of measured) {
        values.push([`${name}.${suffix}`, value])
        if (unit !== '') units.push([`${name}.${suffix}`, unit])
      }
    }
    const start = timestampFromMilliseconds(startMs)
    return create(EventSchema, {
      id: `${key}@${startMs}`,
      type: 'weir.window',
      ...(start === undefined ? {} : { time: start }),
      labels: { 'window.start': timeText(startMs), 'window.end': timeText(endMs) },
      data: { case: 'reading', value: { metrics: Object.fromEntries(values), units: Object.fromEntries(units) } },
    })
  }

  #windowOf(key: string, startMs: number, endMs: number): OpenWindow {
    const id = `${key} ${startMs}`
    const known = this.#open.get(id)
    if (known !== undefined) return known
    const window: OpenWindow = { key, startMs, endMs, seq: 0, storedAtMs: 0, metrics: new Map() }
    this.#open.set(id, window)
    this.#closesAtMs = Math.min(this.#closesAtMs, this.#closeOf(window))
    return window
  }

  #closeOf({ endMs }: OpenWindow): number {
    return endMs + this.#shape.latenessMs
  }

  #statisticsOf(window: OpenWindow, name: string): MetricStatistics | undefined {
    const known = window.metrics.get(name)
    if (known !== undefined) return known
    if (this.#series >= this.#seriesMax) return undefined
    this.#series++
    const statistics = new MetricStatistics()
    window.metrics.set(name, statistics)
    return statistics
  }
}

function timeText(ms: number): string {
  const time = timestampFromMilliseconds(ms)
  return (time === undefined ? undefined : formatTimestamp(time)) ?? String(ms)
}
