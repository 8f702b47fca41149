import { WeirError } from '@weir/proto'
import { BucketTarget, type BucketTargetOptions } from '../../bucket/bucket-target.ts'
import type { LatestSpec } from '../../declaration/latest-spec.ts'
import { isEncodedEvent } from '../../event/encoded-event.ts'
import type { EventRecord } from '../../event/event-record.ts'
import { limits } from '../../limits.ts'
import type { Projection, Rebuilding } from '../../run/projection.ts'

/** Keeps the newest event of each key. The value is the event's own bytes; they are decoded only if the key asks for it. */
export class LatestProjection implements Projection {
  readonly warmUpMs = 0
  readonly reachMs: number
  readonly checkpointMs: number = limits.checkpointMs
  readonly fromNow = false
  readonly target: BucketTarget
  readonly rebuilding: Rebuilding
  readonly #spec: LatestSpec

  constructor(options: BucketTargetOptions & { readonly spec: LatestSpec }) {
    this.#spec = options.spec
    this.reachMs = options.spec.ttlMs
    this.target = new BucketTarget(options)
    const nothing = (): void => undefined
    this.rebuilding = this.target.rebuilding(nothing, nothing)
  }

  async open(): Promise<void> {
    this.target.writer.reset()
    await this.target.writer.load()
  }

  take(record: EventRecord): void | Promise<void> {
    if (!isEncodedEvent(record.payload)) throw new WeirError('malformed', 'The bytes are not a weir.v1.Event.')
    const key = this.#spec.key.keyOf(record)
    if (!this.target.owns(key)) return
    this.target.put(key, record, record.storedAtMs, record.payload)
    return this.target.relief()
  }

  idle(): void {}

  flushed(): Promise<void> {
    return this.target.writer.flushed()
  }

  blocked(): string | undefined {
    return this.target.writer.blocked
  }

  targetEpoch(): Promise<number> {
    return this.target.epoch()
  }

  close(): void {
    this.target.writer.close()
  }
}
