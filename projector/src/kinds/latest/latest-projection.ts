import { fromBinary } from '@bufbuild/protobuf'
import { Alert_Status, EventSchema, WeirError } from '@weir/proto'
import { BucketTarget, type BucketTargetOptions } from '../../bucket/bucket-target.ts'
import { OverflowLog } from '../../bucket/overflow-log.ts'
import type { LatestSpec } from '../../declaration/latest-spec.ts'
import { alertsBucket } from '../../event/alerts-bucket.ts'
import { isEncodedEvent } from '../../event/encoded-event.ts'
import type { EventRecord } from '../../event/event-record.ts'
import type { Effects, Projection, Rebuilding } from '../../run/projection.ts'
import { NewestEvents } from './newest-events.ts'

export interface LatestProjectionOptions extends BucketTargetOptions {
  readonly spec: LatestSpec
  /** Throws WeirError for an event that may not be a value: it goes to the dead letters. */
  readonly check?: ((record: EventRecord) => void) | undefined
  /** By order of time: how many keys are remembered; the limits' when absent. */
  readonly keysMax?: number
}

export interface LatestStats {
  /** By order of time: events of keys that were left out because there are too many. */
  overflowed: number
}

/**
 * Keeps the newest event of each key: the one that was stored last, or the one that happened last.
 * The value is the event's own bytes; by order of storing they are decoded only if the key asks for
 * it.
 */
export class LatestProjection implements Projection {
  readonly warmUpMs = 0
  readonly reachMs: number | undefined
  readonly target: BucketTarget
  readonly effects: Effects
  readonly rebuilding: Rebuilding
  readonly stats: LatestStats = { overflowed: 0 }
  readonly #spec: LatestSpec
  readonly #overflow: OverflowLog
  readonly #check: ((record: EventRecord) => void) | undefined
  /** What is open stays for as long as it is. */
  readonly #holdsAlerts: boolean
  /** By order of time alone. */
  readonly #newest: NewestEvents | undefined

  constructor(options: LatestProjectionOptions) {
    this.#spec = options.spec
    const tooMany = 'there are too many keys to tell which of their events happened last; declare a shorter TTL'
    this.#overflow = new OverflowLog(options.log, options.spec.name, tooMany)
    this.#check = options.check
    this.#holdsAlerts = options.spec.bucket === alertsBucket
    this.reachMs = this.#holdsAlerts ? undefined : options.spec.ttlMs
    const newest = options.spec.order === 'time' ? new NewestEvents(options.spec.ttlMs, options.keysMax) : undefined
    this.#newest = newest
    this.target = new BucketTarget(
      newest === undefined ? options : { ...options, onOvertaken: (...value) => newest.adopt(...value) },
    )
    this.effects = this.target
    this.rebuilding = this.target.rebuilding(
      () => newest?.clear(),
      () => undefined,
    )
  }

  async open(): Promise<void> {
    this.target.writer.reset()
    this.#newest?.clear()
    await this.target.writer.load(this.#newest === undefined ? undefined : (...value) => this.#newest?.adopt(...value))
  }

  take(record: EventRecord): void | Promise<void> {
    if (!isEncodedEvent(record.payload)) throw new WeirError('malformed', 'The bytes are not a weir.v1.Event.')
    const key = this.#spec.key.keyOf(record)
    if (!this.target.owns(key)) return
    this.#check?.(record)
    const payload = this.#newest === undefined ? record.payload : this.#newest.take(key, record)
    if (payload === undefined) return
    if (payload === 'full') {
      this.stats.overflowed++
      this.#overflow.say()
      return
    }
    if (this.#holdsAlerts && isOpenAlert(payload)) this.target.putForever(key, record, record.storedAtMs, payload)
    else this.target.put(key, record, record.storedAtMs, payload)
    return this.target.relief()
  }

  idle(nowMs: number): void {
    this.#newest?.prune(nowMs)
  }
}

/**
 * An open alert does not expire: that nothing has happened to it for a week does not mean that it
 * is over.
 */
function isOpenAlert(payload: Uint8Array): boolean {
  try {
    const { data } = fromBinary(EventSchema, payload)
    const status = data.case === 'alert' ? data.value.status : undefined
    return status === Alert_Status.FIRING || status === Alert_Status.ACKED
  } catch {
    return false
  }
}
