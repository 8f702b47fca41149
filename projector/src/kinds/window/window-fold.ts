import { create } from '@bufbuild/protobuf'
import { type Event, EventSchema, formatTimestamp, timestampFromMilliseconds } from '@weir/proto'
import type { WindowSpec } from '../../declaration/window-spec.ts'
import { ownValue } from '../../event/own-value.ts'
import { MetricStatistics } from './metric-statistics.ts'

/** A window of one key while events may still come. */
export interface OpenWindow {
  readonly key: string
  readonly startMs: number
  readonly endMs: number
  /** The last event that was folded in. */
  seq: number
  storedAtMs: number
  readonly metrics: Map<string, MetricStatistics>
}

export type WindowShape = Pick<WindowSpec, 'sizeMs' | 'latenessMs' | 'metrics' | 'percentiles'>

/** What `add` did with a reading. */
export type Added = OpenWindow | 'late' | 'full' | 'nothing'

/**
 * Tumbling windows by event time, aligned to 1970. An event counts while its window is open: until `latenessMs` after the end of
 * the window, by the time at which the stream took the event; so what a window holds follows from the stream alone, not from
 * when it is read.
 */
export class WindowFold {
  readonly #shape: WindowShape
  readonly #seriesMax: number
  readonly #open = new Map<string, OpenWindow>()
  #series = 0

  /** @param seriesMax metrics of all open windows together; a reading that would pass it is left out */
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

  /** @param key of the window: two windows of different starts may share one, then the later start takes it over */
  add(key: string, event: Event, timeMs: number, seq: number, storedAtMs: number): Added {
    if (event.data.case !== 'reading') return 'nothing'
    const startMs = this.startOf(timeMs)
    const endMs = startMs + this.#shape.sizeMs
    if (storedAtMs >= endMs + this.#shape.latenessMs) return 'late'
    const window = this.#windowOf(key, startMs, endMs)
    if (window === undefined) return 'late'
    const { metrics, units } = event.data.value
    let outcome: Added = 'nothing'
    for (const name of this.#shape.metrics ?? Object.keys(metrics)) {
      const value = ownValue(metrics, name)
      if (value === undefined || !Number.isFinite(value)) continue
      const statistics = this.#statisticsOf(window, name)
      if (statistics === undefined) return 'full'
      statistics.add(value, timeMs, seq, ownValue(units, name) ?? '')
      outcome = window
    }
    if (outcome === window) {
      window.seq = seq
      window.storedAtMs = storedAtMs
    }
    return outcome
  }

  /** Forgets the windows that no event stored at this time or later can change. */
  close(storedAtMs: number): void {
    for (const [id, window] of this.#open) {
      if (window.endMs + this.#shape.latenessMs > storedAtMs) continue
      this.#open.delete(id)
      this.#series -= window.metrics.size
    }
  }

  clear(): void {
    this.#open.clear()
    this.#series = 0
  }

  /** The value of a window: a reading of `<metric>.count`, `.sum`, `.min`, `.max`, `.avg`, `.last` and `.p<percentile>`. */
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

  /** Undefined when a window that begins later has taken the key over. */
  #windowOf(key: string, startMs: number, endMs: number): OpenWindow | undefined {
    const known = this.#open.get(key)
    if (known?.startMs === startMs) return known
    if (known !== undefined && known.startMs > startMs) return undefined
    if (known !== undefined) this.#series -= known.metrics.size
    const window: OpenWindow = { key, startMs, endMs, seq: 0, storedAtMs: 0, metrics: new Map() }
    this.#open.set(key, window)
    return window
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
