import type { EarlierValue } from '../../condition/look-back.ts'
import { dataValue } from '../../event/data-value.ts'
import type { EventRecord } from '../../event/event-record.ts'
import { ownValue } from '../../event/own-value.ts'
import { limits } from '../../limits.ts'

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
  readonly #keys = new Map<string, readonly Series[]>()
  #samples = 0

  /**
   * @param samplesMax of all keys together; past it keys that nothing was told of for longest are
   *   forgotten
   */
  constructor(asked: readonly EarlierValue[], samplesMax: number) {
    this.#asked = asked.map((value) => ({ ...value, stepMs: value.agoMs / limits.agoSteps }))
    this.#samplesMax = samplesMax
  }

  /**
   * How much older than an event those are that say what was so before it; 0 where nothing is
   * asked.
   */
  get reachMs(): number {
    return Math.max(0, ...this.#asked.map(({ agoMs, stepMs }) => agoMs + stepMs + lookBackMs(agoMs)))
  }

  get samples(): number {
    return this.#samples
  }

  /** Remembers what an event says of its key. */
  note(key: string, record: EventRecord, timeMs: number): void {
    if (this.#asked.length === 0) return
    const known = this.#keys.get(key)
    const all = known ?? this.#asked.map((): Series => ({ newestMs: 0, samples: [] }))
    let says = false
    for (const [index, asked] of this.#asked.entries()) {
      const value = valueIn(record, asked)
      const series = all[index]
      if (value === undefined || series === undefined) continue
      says = true
      this.#samples -= series.samples.length
      add(series, { timeMs, seq: record.seq, value }, asked)
      this.#samples += series.samples.length
    }
    if (!says) return
    if (known !== undefined) this.#keys.delete(key)
    this.#keys.set(key, all)
    this.#bound()
  }

  /** The value that is asked for by its index, as of an event at this time. */
  at(key: string, index: number, timeMs: number): PastValue | undefined {
    const [series, asked] = [this.#keys.get(key)?.[index], this.#asked[index]]
    if (series === undefined || asked === undefined) return undefined
    const beforeMs = stepOf(timeMs - asked.agoMs, asked)
    const sample = series.samples.findLast((each) => each.timeMs < beforeMs)
    return sample === undefined || sample.timeMs < beforeMs - lookBackMs(asked.agoMs) ? undefined : sample.value
  }

  clear(): void {
    this.#keys.clear()
    this.#samples = 0
  }

  #bound(): void {
    for (const [key, all] of this.#keys) {
      if (this.#samples <= this.#samplesMax) return
      this.#keys.delete(key)
      for (const { samples } of all) this.#samples -= samples.length
    }
  }
}

interface Asked extends EarlierValue {
  readonly stepMs: number
}

interface Series {
  /** Time of its newest sample. */
  newestMs: number
  /** By time; of each step the newest, and one that is older than all that may be asked for. */
  readonly samples: Sample[]
}

interface Sample {
  readonly timeMs: number
  readonly seq: number
  readonly value: PastValue
}

function lookBackMs(agoMs: number): number {
  return Math.max(agoMs, limits.agoLookBackMs)
}

function stepOf(timeMs: number, { stepMs }: Asked): number {
  return Math.floor(timeMs / stepMs) * stepMs
}

function add(series: Series, sample: Sample, asked: Asked): void {
  const { samples } = series
  // Events mostly come in the order of their times.
  let place = samples.length
  while (place > 0 && isLater(samples[place - 1] as Sample, sample)) place--
  const [before, after] = [samples[place - 1], samples[place]]
  const step = stepOf(sample.timeMs, asked)
  if (after !== undefined && stepOf(after.timeMs, asked) === step) return
  const replaces = before !== undefined && stepOf(before.timeMs, asked) === step
  samples.splice(replaces ? place - 1 : place, replaces ? 1 : 0, sample)
  series.newestMs = Math.max(series.newestMs, sample.timeMs)
  // A key is asked for no time before that of its newest event: one sample before it is enough.
  const beforeMs = stepOf(series.newestMs - asked.agoMs, asked)
  const needed = samples.findLastIndex(({ timeMs }) => timeMs < beforeMs)
  if (needed > 0) samples.splice(0, needed)
}

function isLater(one: Sample, other: Sample): boolean {
  return one.timeMs > other.timeMs || (one.timeMs === other.timeMs && one.seq > other.seq)
}

function valueIn(record: EventRecord, { of, path }: Asked): PastValue | undefined {
  const { data } = record.event
  if (of === 'metrics') {
    return data.case === 'reading' ? ownValue(data.value.metrics, path[0] ?? '') : undefined
  }
  const value = dataValue(record, path)
  return typeof value === 'string' && value.length > limits.agoTextMax ? undefined : value
}
