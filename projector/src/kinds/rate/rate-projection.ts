import { create } from '@bufbuild/protobuf'
import { type Event, EventSchema, encodeEvent, timestampFromMilliseconds } from '@weir/proto'
import { BucketTarget, type BucketTargetOptions } from '../../bucket/bucket-target.ts'
import { DirtyKeys } from '../../bucket/dirty-keys.ts'
import { FoldedValues } from '../../bucket/folded-values.ts'
import { OverflowLog } from '../../bucket/overflow-log.ts'
import type { RateSpec } from '../../declaration/rate-spec.ts'
import { ClockSkew } from '../../event/clock-skew.ts'
import type { EventRecord } from '../../event/event-record.ts'
import { ownValue } from '../../event/own-value.ts'
import { Turn } from '../../event/turn.ts'
import { limits } from '../../limits.ts'
import type { Projection, Rebuilding } from '../../run/projection.ts'
import { CounterRates, type KeyRates } from './counter-rates.ts'

export interface RateStats {
  /** Events that have none of the metrics, or say that they are not monotonic. */
  ignored: number
  /** Events that were stored too long after they happened. */
  late: number
  /** Samples of series that were left out because there are too many. */
  overflowed: number
}

/**
 * Writes how much counters count a second. The samples are in memory alone: after a restart the
 * events of three windows are read again, and the stamps in the bucket tell which values are old
 * news.
 */
export class RateProjection implements Projection {
  readonly warmUpMs: number
  readonly reachMs: number
  readonly target: BucketTarget
  readonly effects: FoldedValues
  readonly rebuilding: Rebuilding
  readonly stats: RateStats = { ignored: 0, late: 0, overflowed: 0 }
  readonly skew: ClockSkew = new ClockSkew()
  readonly #spec: RateSpec
  readonly #overflow: OverflowLog
  readonly #counters: CounterRates
  readonly #dirty: DirtyKeys
  readonly #turn = new Turn()
  /** When series are looked at next that nothing needs any more. */
  #forgetAtMs = 0

  constructor(options: BucketTargetOptions & { readonly spec: RateSpec }) {
    const { spec, log } = options
    this.#spec = spec
    const tooMany = 'there are too many counters; declare fewer metrics or a narrower `from`'
    this.#overflow = new OverflowLog(log, spec.name, tooMany)
    this.#counters = new CounterRates(spec.windowMs, limits.rateSamplesMax)
    // An event may be as late as is allowed; series that had a sample up to a window before it are
    // added to its rate, and each of them looks back two windows, to the begin of a step.
    this.warmUpMs = 3 * spec.windowMs + spec.windowMs / limits.rateSteps + spec.latenessMs
    this.reachMs = spec.ttlMs + this.warmUpMs
    this.target = new BucketTarget(options)
    this.#dirty = new DirtyKeys(spec.everyMs, limits.rateSamplesMax, (keys) => this.#write(keys), limits.dirtyKeyMs)
    this.effects = new FoldedValues(this.target, this.#dirty, () => this.#clear())
    this.rebuilding = this.effects.rebuilding
  }

  open(): Promise<void> {
    return this.effects.open()
  }

  take(record: EventRecord): void | Promise<void> {
    if (this.#turn.isPast(record)) return
    this.#take(record)
    this.#turn.moveTo(record)
    this.#forget(record.storedAtMs)
    return this.target.relief()
  }

  idle(nowMs: number): void {
    this.#forget(nowMs - limits.skewMaxMs)
  }

  setBehind(isBehind: boolean): void {
    this.#dirty.setBehind(isBehind)
  }

  #take(record: EventRecord): void {
    const { event, subject, epoch, seq, happenedAtMs: timeMs, storedAtMs } = record
    const { metrics, temporality, key: template, latenessMs } = this.#spec
    const monotonic = ownValue(event.labels, 'monotonic')
    const isCounter = metrics.declared === undefined ? monotonic === 'true' : monotonic !== 'false'
    if (!isCounter || !metrics.mayBeIn(event)) {
      this.stats.ignored++
      return
    }
    const key = template.keyOf(record)
    if (!this.target.owns(key)) return
    this.skew.note(record)
    if (storedAtMs - timeMs > latenessMs) {
      this.stats.late++
      return
    }
    const isDelta = (ownValue(event.labels, 'temporality') ?? temporality) === 'delta'
    const found = metrics.visit(event, (metric, value, unit) => {
      const sample = { key, series: subject, metric, unit, value, isDelta, timeMs, epoch, seq }
      if (this.#counters.add(sample)) this.#dirty.add(key)
      else {
        this.stats.overflowed++
        this.#overflow.say()
      }
    })
    if (!found) this.stats.ignored++
  }

  /** No sample that may still come looks back to what is forgotten. */
  #forget(nowMs: number): void {
    if (nowMs < this.#forgetAtMs) return
    this.#forgetAtMs = nowMs + this.#spec.windowMs
    this.#dirty.flush()
    this.#counters.forget(nowMs - this.warmUpMs)
  }

  #clear(): void {
    this.#counters.clear()
    this.#forgetAtMs = 0
    this.#turn.forget()
  }

  #write(keys: Iterable<string>): void {
    for (const key of keys) {
      const rates = this.#counters.ratesOf(key)
      if (rates === undefined) continue
      this.target.put(key, rates.stamp, rates.newestMs, encodeEvent(rateEvent(key, rates)))
    }
  }
}

/** The value of a key: a reading of the rate of each metric, in its unit by second. */
export function rateEvent(key: string, { stamp, newestMs, rates }: KeyRates): Event {
  const time = timestampFromMilliseconds(newestMs)
  const sorted = [...rates].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, limits.mergedMetricsMax)
  // Entries are defined, not assigned, so a metric may be called `__proto__`.
  const metrics = Object.fromEntries(sorted.map(([name, { perSecond }]) => [name, perSecond]))
  const units = Object.fromEntries(sorted.map(([name, { unit }]) => [name, unit === '' ? '1/s' : `${unit}/s`]))
  return create(EventSchema, {
    id: `${key}@${stamp.seq}`,
    type: 'weir.rate',
    ...(time === undefined ? {} : { time }),
    data: { case: 'reading', value: { $typeName: 'weir.v1.Reading', metrics, units, times: {}, integers: {} } },
  })
}
