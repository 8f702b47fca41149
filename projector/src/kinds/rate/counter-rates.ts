import type { ValueStamp } from '@weir/mesh'
import { limits } from '../../limits.ts'
import { SteppedSamples, type Stepping } from '../../series/stepped-samples.ts'

/** A value of a counter, as an event brought it. */
export interface CounterSample {
  /** Under which the rates of several series are added. */
  readonly key: string
  /** What tells its series from others of the key: the subject. */
  readonly series: string
  readonly metric: string
  readonly unit: string
  readonly value: number
  /** Whether the value is what was counted since the last one, not since the counter began. */
  readonly isDelta: boolean
  readonly timeMs: number
  readonly epoch: number
  readonly seq: number
}

/** The rates of a key. */
export interface KeyRates {
  readonly stamp: ValueStamp
  /** When its newest sample was taken. */
  readonly newestMs: number
  /** By metric, each per second; one of which there is no second sample yet is missing. */
  readonly rates: ReadonlyMap<string, { readonly perSecond: number; readonly unit: string }>
}

/**
 * Rates of counters over a window that ends at the newest sample: what was counted from the newest
 * sample before the window, or the first in it, to the last, by the time between the two. A counter
 * that is less than before has begun again from 0. Of each sixtieth of the window the newest sample
 * counts, or of increments their sum, so what was counted between the last sample of a step and a
 * reset within it is not seen, as where one reads a counter so often. The rate of a key is the sum
 * of those of its series that have had a sample within the window before its newest one.
 *
 * What is given does not depend on the order in which samples came, and samples that are older than
 * two windows before the newest change nothing.
 */
export class CounterRates {
  readonly #stepping: Stepping
  readonly #samplesMax: number
  readonly #keys = new Map<string, KeyCounters>()
  #samples = 0

  /** @param samplesMax of all series together; past it further series are not taken */
  constructor(windowMs: number, samplesMax: number) {
    this.#stepping = { spanMs: windowMs, stepMs: windowMs / limits.rateSteps }
    this.#samplesMax = samplesMax
  }

  get samples(): number {
    return this.#samples
  }

  /** False when its series is one too many. */
  add(sample: CounterSample): boolean {
    const { key, timeMs, seq, epoch, value } = sample
    const counters = this.#keys.get(key)
    const known = counters?.series.get(sample.series)?.get(sample.metric)
    if (known === undefined && this.#samples >= this.#samplesMax) return false
    const owner = counters ?? this.#newKey(key)
    const series = known?.isDelta === sample.isDelta ? known : this.#newSeries(owner, sample)
    this.#samples -= series.samples.length
    series.samples.add(timeMs, seq, value)
    this.#samples += series.samples.length
    if (sample.unit !== '') series.unit = sample.unit
    owner.epoch = epoch
    owner.seq = seq
    if (timeMs > owner.newestMs) owner.newestMs = timeMs
    return true
  }

  /** Undefined for a key of which nothing is known. */
  ratesOf(key: string): KeyRates | undefined {
    const counters = this.#keys.get(key)
    if (counters === undefined) return undefined
    const { epoch, seq, newestMs } = counters
    const rates = new Map<string, { perSecond: number; unit: string }>()
    // In the same order whoever adds: the sum of doubles depends on it.
    for (const name of [...counters.series.keys()].sort()) {
      for (const [metric, series] of counters.series.get(name) ?? []) {
        if (series.samples.newestMs <= newestMs - this.#stepping.spanMs) continue
        const perSecond = this.#rateOf(series)
        if (perSecond === undefined) continue
        const { unit } = series
        rates.set(metric, { perSecond: (rates.get(metric)?.perSecond ?? 0) + perSecond, unit })
      }
    }
    return { stamp: { epoch, seq }, newestMs, rates }
  }

  /** Forgets series whose newest sample is older. */
  forget(beforeMs: number): void {
    for (const [key, { newestMs, series }] of this.#keys) {
      for (const [name, metrics] of series) {
        for (const [metric, { samples }] of metrics) {
          if (samples.newestMs >= beforeMs) continue
          this.#samples -= samples.length
          metrics.delete(metric)
        }
        if (metrics.size === 0) series.delete(name)
      }
      if (newestMs < beforeMs) this.#keys.delete(key)
    }
  }

  clear(): void {
    this.#keys.clear()
    this.#samples = 0
  }

  #newKey(key: string): KeyCounters {
    const counters = { epoch: 0, seq: 0, newestMs: 0, series: new Map() }
    this.#keys.set(key, counters)
    return counters
  }

  #newSeries({ series }: KeyCounters, { series: name, metric, unit, isDelta }: CounterSample): Counter {
    const metrics = series.get(name) ?? new Map<string, Counter>()
    series.set(name, metrics)
    this.#samples -= metrics.get(metric)?.samples.length ?? 0
    const counter = { isDelta, unit, samples: new SteppedSamples<number>(this.#stepping, isDelta ? add : 'newest') }
    metrics.set(metric, counter)
    return counter
  }

  #rateOf({ samples, isDelta }: Counter): number | undefined {
    const last = samples.length - 1
    const beginMs = samples.stepOf(samples.newestMs - this.#stepping.spanMs)
    let first = Math.max(0, samples.lastBefore(beginMs))
    if (samples.timeAt(first) < beginMs - this.#stepping.spanMs) first++
    if (first >= last) return undefined
    let counted = 0
    for (let at = first + 1; at <= last; at++) {
      const [before, value] = [samples.valueAt(at - 1) ?? 0, samples.valueAt(at) ?? 0]
      counted += isDelta || value < before ? value : value - before
    }
    return (counted * 1_000) / (samples.timeAt(last) - samples.timeAt(first))
  }
}

interface KeyCounters {
  epoch: number
  seq: number
  newestMs: number
  /** By series and metric. */
  readonly series: Map<string, Map<string, Counter>>
}

interface Counter {
  readonly isDelta: boolean
  unit: string
  readonly samples: SteppedSamples<number>
}

function add(one: number, other: number): number {
  return one + other
}
