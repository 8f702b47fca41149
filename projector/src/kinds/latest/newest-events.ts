import { fromBinary, toBinary } from '@bufbuild/protobuf'
import { isNewer, type ValueStamp } from '@weir/mesh'
import { EventSchema, isTimestamp, timestampFromMilliseconds } from '@weir/proto'
import { RememberedKeys } from '../../bucket/remembered-keys.ts'
import type { EventRecord } from '../../event/event-record.ts'

/**
 * Which event of each key happened last: by its own time, and of two at the same time the one that
 * came later. A value that is put into a bucket says its time itself, so the bucket is the whole
 * state, and a restart goes on from it.
 */
export class NewestEvents {
  readonly #ttlMs: number
  readonly #newest: RememberedKeys<NewestEvent>

  /** @param ttlMs after which a key begins anew, as its value has expired */
  constructor(ttlMs: number, keysMax?: number) {
    this.#ttlMs = ttlMs
    this.#newest = new RememberedKeys(ttlMs, keysMax)
  }

  /**
   * The bytes of the value when the event is the newest of its key; undefined when it is not, and
   * `full` where there are too many keys.
   */
  take(key: string, record: EventRecord): Uint8Array | 'full' | undefined {
    const { epoch, seq, storedAtMs, happenedAtMs } = record
    const known = this.#newest.get(key)
    if (known !== undefined) {
      // It is what the known value comes from, or what led to it.
      if (!isNewer(record, known)) return undefined
      if (storedAtMs - known.storedAtMs < this.#ttlMs && happenedAtMs < known.timeMs) return undefined
    } else if (this.#newest.isFull(storedAtMs)) return 'full'
    this.#newest.set(key, { epoch, seq, timeMs: happenedAtMs, storedAtMs })
    return timedBytes(record)
  }

  /** Takes over what the bucket holds. */
  adopt(key: string, stamp: ValueStamp, payload: Uint8Array): void {
    const known = this.#newest.get(key)
    if (known !== undefined && !isNewer(stamp, known)) return
    const { epoch, seq } = stamp
    this.#newest.set(key, { epoch, seq, timeMs: timeIn(payload), storedAtMs: Date.now() })
  }

  /** Forgets keys whose value has expired for sure. */
  prune(nowMs: number): void {
    this.#newest.prune(nowMs)
  }

  clear(): void {
    this.#newest.clear()
  }
}

interface NewestEvent extends ValueStamp {
  readonly timeMs: number
  /** When it was stored, or when it was seen in the bucket. */
  readonly storedAtMs: number
}

/**
 * The event's own bytes, unless its time is missing or lies ahead of the stream's clock: then with
 * the time that counts.
 */
function timedBytes(record: EventRecord): Uint8Array {
  const { event, payload, happenedAtMs, aheadMs } = record
  if (aheadMs === 0 && event.time !== undefined && isTimestamp(event.time)) return payload
  const time = timestampFromMilliseconds(happenedAtMs)
  return time === undefined ? payload : toBinary(EventSchema, { ...event, time })
}

/** A value that is no event, as when somebody else put it, counts as older than everything. */
function timeIn(payload: Uint8Array): number {
  try {
    const { time } = fromBinary(EventSchema, payload)
    return time === undefined ? 0 : Number(time.seconds) * 1000 + Math.floor(time.nanos / 1_000_000)
  } catch {
    return 0
  }
}
