import type { EarlierValue } from '../../condition/look-back.ts'
import type { EventRecord } from '../../event/event-record.ts'
import { ownValue } from '../../event/own-value.ts'
import { valueAt } from '../../event/value-at.ts'
import { limits } from '../../limits.ts'
import { SteppedSamples, type Stepping } from '../../series/stepped-samples.ts'

/** What is remembered of a value: numbers, booleans and short texts. */
export type PastValue = number | string | boolean

/**
 * What a condition compares with: of each key the values that its events had some time ago. A time
 * is rounded down to a sixtieth of the duration, so that of a busy key so many values are kept and
 * no more, and the value at a time is that of the newest event before it, unless that one is older
 * than `lookBackMs`. So what is found follows from the events of a bounded time alone, in whatever
 * order they came.
 */
export class EarlierValues {
  readonly #asked: readonly Asked[]
  readonly #samplesMax: number
  /** By key, that which was told of last at the end; a series for each value that is asked for. */
  readonly #keys = new Map<string, readonly SteppedSamples<PastValue>[]>()
  #samples = 0

  /**
   * @param samplesMax of all keys together; past it keys that nothing was told of for longest are
   *   forgotten
   */
  constructor(asked: readonly EarlierValue[], samplesMax: number) {
    this.#asked = asked.map((value) => {
      const { agoMs } = value
      const stepping = { spanMs: agoMs, stepMs: agoMs / limits.agoSteps }
      return { ...value, stepping, lookBackMs: Math.max(agoMs, limits.agoLookBackMs) }
    })
    this.#samplesMax = samplesMax
  }

  /**
   * How much older than an event those are that say what was so before it; 0 where nothing is
   * asked.
   */
  get reachMs(): number {
    return Math.max(0, ...this.#asked.map(({ agoMs, stepping, lookBackMs }) => agoMs + stepping.stepMs + lookBackMs))
  }

  get samples(): number {
    return this.#samples
  }

  /** Remembers what an event says of its key. */
  note(key: string, record: EventRecord, timeMs: number): void {
    if (this.#asked.length === 0) return
    const known = this.#keys.get(key)
    const all = known ?? this.#asked.map(({ stepping }) => new SteppedSamples<PastValue>(stepping, 'newest'))
    let says = false
    for (const [index, asked] of this.#asked.entries()) {
      const value = valueIn(record, asked)
      const samples = all[index]
      if (value === undefined || samples === undefined) continue
      says = true
      this.#samples -= samples.length
      samples.add(timeMs, record.seq, value)
      this.#samples += samples.length
    }
    if (!says) return
    if (known !== undefined) this.#keys.delete(key)
    this.#keys.set(key, all)
    this.#bound()
  }

  /**
   * The value that is asked for by its index, as of an event at this time: one that is not before
   * the newest of its key.
   */
  at(key: string, index: number, timeMs: number): PastValue | undefined {
    const [samples, asked] = [this.#keys.get(key)?.[index], this.#asked[index]]
    if (samples === undefined || asked === undefined) return undefined
    const beforeMs = samples.stepOf(timeMs - asked.agoMs)
    const found = samples.lastBefore(beforeMs)
    return samples.timeAt(found) >= beforeMs - asked.lookBackMs ? samples.valueAt(found) : undefined
  }

  clear(): void {
    this.#keys.clear()
    this.#samples = 0
  }

  #bound(): void {
    for (const [key, all] of this.#keys) {
      if (this.#samples <= this.#samplesMax) return
      this.#keys.delete(key)
      for (const { length } of all) this.#samples -= length
    }
  }
}

interface Asked extends EarlierValue {
  readonly stepping: Stepping
  /** A value that is older than this, at the time that is asked for, is none. */
  readonly lookBackMs: number
}

function valueIn(record: EventRecord, { of, path }: EarlierValue): PastValue | undefined {
  const { data } = record.event
  if (of === 'metrics') {
    return data.case === 'reading' ? ownValue(data.value.metrics, path[0] ?? '') : undefined
  }
  const value = valueAt(record.json, path)
  return typeof value === 'string' && value.length > limits.agoTextMax ? undefined : value
}
