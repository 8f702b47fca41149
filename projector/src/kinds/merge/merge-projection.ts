import { isNewer, type ValueStamp } from '@weir/mesh'
import { decodeEvent, encodeEvent } from '@weir/proto'
import { BucketTarget, type BucketTargetOptions } from '../../bucket/bucket-target.ts'
import { DirtyKeys } from '../../bucket/dirty-keys.ts'
import { FoldedValues } from '../../bucket/folded-values.ts'
import { OverflowLog } from '../../bucket/overflow-log.ts'
import { RememberedKeys } from '../../bucket/remembered-keys.ts'
import type { MergeSpec } from '../../declaration/merge-spec.ts'
import { ClockSkew } from '../../event/clock-skew.ts'
import type { EventRecord } from '../../event/event-record.ts'
import { limits } from '../../limits.ts'
import type { Projection, Rebuilding } from '../../run/projection.ts'
import { MergedReading } from './merged-reading.ts'

export interface MergeStats {
  /** Events that have none of the metrics. */
  ignored: number
  /** Events of keys that were left out because there are too many. */
  overflowed: number
}

export interface MergeProjectionOptions extends BucketTargetOptions {
  readonly spec: MergeSpec
  /** How many keys are remembered; the limits' when absent. */
  readonly keysMax?: number
}

/**
 * Folds the metrics of each key into one reading. What the bucket holds is the whole state: it is
 * read when the projection opens, and the stamp of a value says which events are in it already.
 */
export class MergeProjection implements Projection {
  readonly warmUpMs = 0
  readonly reachMs: number
  readonly target: BucketTarget
  readonly effects: FoldedValues
  readonly rebuilding: Rebuilding
  readonly stats: MergeStats = { ignored: 0, overflowed: 0 }
  readonly skew: ClockSkew = new ClockSkew()
  readonly #spec: MergeSpec
  readonly #overflow: OverflowLog
  readonly #states: RememberedKeys<KeyState>
  readonly #dirty: DirtyKeys

  constructor(options: MergeProjectionOptions) {
    const { spec, log, keysMax } = options
    this.#spec = spec
    this.reachMs = spec.ttlMs
    this.#overflow = new OverflowLog(log, spec.name, 'there are too many keys to merge; declare a shorter TTL')
    this.#states = new RememberedKeys(spec.ttlMs, keysMax)
    this.target = new BucketTarget({ ...options, onOvertaken: (...value) => this.#adopt(...value) })
    this.#dirty = new DirtyKeys(limits.mergeWaitMs, limits.dirtyKeysMax, (keys) => this.#write(keys))
    this.effects = new FoldedValues(this.target, this.#dirty, () => this.#forget())
    this.rebuilding = this.effects.rebuilding
  }

  open(): Promise<void> {
    return this.effects.open((...value) => this.#adopt(...value))
  }

  take(record: EventRecord): void | Promise<void> {
    const { event, storedAtMs } = record
    if (!this.#spec.metrics.mayBeIn(event)) {
      this.stats.ignored++
      return
    }
    const key = this.#spec.key.keyOf(record)
    if (!this.target.owns(key) || this.target.isExpired(storedAtMs)) return
    const state = this.#stateOf(key, storedAtMs)
    if (state === undefined) {
      this.stats.overflowed++
      this.#overflow.say()
      return
    }
    if (!isNewer(record, state)) return
    this.skew.note(record)
    if (!state.reading.fold(event, record.happenedAtMs, record.seq, this.#spec.metrics)) {
      this.stats.ignored++
      return
    }
    state.epoch = record.epoch
    state.seq = record.seq
    state.storedAtMs = storedAtMs
    this.#dirty.add(key)
    return this.target.relief()
  }

  idle(nowMs: number): void {
    this.#states.prune(nowMs)
  }

  #forget(): void {
    this.#states.clear()
  }

  /**
   * What is still alive of a key; one that has been silent for its TTL begins anew, as its value
   * has expired. Undefined where there are too many keys.
   */
  #stateOf(key: string, storedAtMs: number): KeyState | undefined {
    const known = this.#states.get(key)
    if (known !== undefined && storedAtMs - known.storedAtMs < this.#spec.ttlMs) return known
    if (known === undefined && this.#states.isFull(storedAtMs)) return undefined
    const state: KeyState = { reading: new MergedReading(), epoch: known?.epoch ?? 0, seq: known?.seq ?? 0, storedAtMs }
    this.#states.set(key, state)
    return state
  }

  #write(keys: Iterable<string>): void {
    for (const key of keys) {
      const state = this.#states.get(key)
      if (state === undefined) continue
      state.reading.prune(this.#spec.ttlMs, limits.mergedMetricsMax)
      this.target.put(key, state, state.storedAtMs, encodeEvent(state.reading.toEvent()))
    }
  }

  /** Takes over what the bucket holds. */
  #adopt(key: string, stamp: ValueStamp, payload: Uint8Array): void {
    const known = this.#states.get(key)
    if (known !== undefined && !isNewer(stamp, known)) return
    const reading = readValue(payload, stamp.seq)
    this.#states.set(key, { reading, epoch: stamp.epoch, seq: stamp.seq, storedAtMs: Date.now() })
  }
}

/** A value that is no event, as when somebody else put it, counts as none. */
function readValue(payload: Uint8Array, seq: number): MergedReading {
  try {
    return MergedReading.fromEvent(decodeEvent(payload), seq)
  } catch {
    return new MergedReading()
  }
}

interface KeyState {
  readonly reading: MergedReading
  /** The last event that is folded in. */
  epoch: number
  seq: number
  storedAtMs: number
}
