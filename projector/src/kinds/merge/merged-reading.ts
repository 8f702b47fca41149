import { create } from '@bufbuild/protobuf'
import type { Timestamp } from '@bufbuild/protobuf/wkt'
import { type Event, EventSchema, type Reading, timestampFromMilliseconds } from '@weir/proto'
import { type MetricSelection, selectMetrics } from '../../event/metric-selection.ts'
import { ownValue } from '../../event/own-value.ts'

/**
 * Readings of one key folded metric by metric: of each metric the value that was taken last by its
 * own time, and of two at the same time the one that came later. The result does not depend on the
 * order of folding.
 */
export class MergedReading {
  readonly #metrics = new Map<string, MergedMetric>()
  /** Of the newest event that was folded in. */
  #frame: Frame = { id: '', type: '', source: '', labels: {} }

  /** The state that an event made by `toEvent` shows. */
  static fromEvent(event: Event, seq: number): MergedReading {
    const merged = new MergedReading()
    if (event.data.case !== 'reading') return merged
    const { metrics, units, times, integers } = event.data.value
    for (const [name, value] of Object.entries(metrics)) {
      merged.#metrics.set(name, {
        value,
        unit: ownValue(units, name),
        integer: ownValue(integers, name),
        timeMs: msOf(ownValue(times, name) ?? event.time),
        seq,
      })
    }
    merged.#frame = frameOf(event)
    return merged
  }

  /** Whether nothing was folded in. */
  get empty(): boolean {
    return this.#metrics.size === 0
  }

  /** Folds the metrics of an event in; false when it has none of them. */
  fold(event: Event, timeMs: number, seq: number, selection: MetricSelection = allMetrics): boolean {
    const found = selection.visit(event, (name, value, unit, integer) => {
      const known = this.#metrics.get(name)
      if (known !== undefined && (known.timeMs > timeMs || (known.timeMs === timeMs && known.seq > seq))) return
      this.#metrics.set(name, { value, unit: unit === '' ? undefined : unit, integer, timeMs, seq })
    })
    if (found) this.#frame = frameOf(event)
    return found
  }

  /**
   * Forgets metrics that are older than the newest one by more than `ageMs`, and the oldest past
   * `metricsMax`: both depend on what was folded in alone, not on when.
   */
  prune(ageMs: number, metricsMax: number): void {
    const newest = this.#newestMs()
    for (const [name, { timeMs }] of this.#metrics) if (timeMs <= newest - ageMs) this.#metrics.delete(name)
    if (this.#metrics.size <= metricsMax) return
    const byAge = [...this.#metrics].sort(([a, x], [b, y]) => y.timeMs - x.timeMs || y.seq - x.seq || (a < b ? -1 : 1))
    for (const [name] of byAge.slice(metricsMax)) this.#metrics.delete(name)
  }

  /** A reading of all metrics at the time of the newest, with the times of those that are older. */
  toEvent(): Event {
    const newest = this.#newestMs()
    const metrics: [string, number][] = []
    const units: [string, string][] = []
    const times: [string, Timestamp][] = []
    const integers: [string, bigint][] = []
    for (const [name, { value, unit, integer, timeMs }] of [...this.#metrics].sort(([a], [b]) => (a < b ? -1 : 1))) {
      metrics.push([name, value])
      if (unit !== undefined) units.push([name, unit])
      if (integer !== undefined) integers.push([name, integer])
      const time = timeMs === newest ? undefined : timestampFromMilliseconds(timeMs)
      if (time !== undefined) times.push([name, time])
    }
    const time = timestampFromMilliseconds(newest)
    // Entries are defined, not assigned, and a whole message is not copied, so a metric may be
    // called `__proto__`.
    const value: Reading = {
      $typeName: 'weir.v1.Reading',
      metrics: Object.fromEntries(metrics),
      units: Object.fromEntries(units),
      times: Object.fromEntries(times),
      integers: Object.fromEntries(integers),
    }
    return create(EventSchema, {
      ...this.#frame,
      ...(time === undefined ? {} : { time }),
      data: { case: 'reading', value },
    })
  }

  #newestMs(): number {
    let newest = Number.NEGATIVE_INFINITY
    for (const { timeMs } of this.#metrics.values()) if (timeMs > newest) newest = timeMs
    return newest
  }
}

const allMetrics = selectMetrics(undefined)

interface MergedMetric {
  readonly value: number
  readonly unit: string | undefined
  /** Where the value is an integer that it cannot hold. */
  readonly integer: bigint | undefined
  readonly timeMs: number
  readonly seq: number
}

type Frame = Pick<Event, 'id' | 'type' | 'source' | 'labels'>

function frameOf({ id, type, source, labels }: Event): Frame {
  return { id, type, source, labels }
}

function msOf(time: Timestamp | undefined): number {
  return time === undefined ? 0 : Number(time.seconds) * 1000 + Math.floor(time.nanos / 1_000_000)
}
