import { BucketWriter, bucketStream, type Logger, type NatsConnection, streamState } from '@weir/mesh'
import type { WeirError } from '@weir/proto'
import type { LatestSpec } from '../declaration/projection-spec.ts'
import type { EventRecord } from '../event-record.ts'
import { owns, type Partition } from '../partition.ts'
import type { Projection } from './projection.ts'
import { remainingSeconds } from './time-to-live.ts'

export interface BucketProjectionOptions<Spec> {
  readonly nc: NatsConnection
  readonly tenant: string
  readonly spec: Spec
  readonly partition: Partition
  readonly log: Logger
  /** A key whose value the bucket does not take. */
  readonly onRefused: (key: string, error: WeirError) => void
}

/** Keeps the newest event of each key. The value is the event's own bytes; it is decoded for the key at most. */
export class LatestProjection implements Projection {
  readonly warmUpMs = 0
  readonly reachMs: number
  readonly writer: BucketWriter
  readonly #options: BucketProjectionOptions<LatestSpec>

  constructor(options: BucketProjectionOptions<LatestSpec>) {
    const { nc, tenant, spec, log, onRefused } = options
    this.#options = options
    this.reachMs = spec.ttlMs
    const refused = (key: string, _stamp: unknown, error: WeirError): void => onRefused(key, error)
    this.writer = new BucketWriter({ nc, tenant, bucket: spec.bucket, log, onRefused: refused })
  }

  async open(): Promise<void> {
    this.writer.reset()
    await this.writer.load()
  }

  take(record: EventRecord): void | Promise<void> {
    const { spec, partition } = this.#options
    const key = spec.key.keyOf(record)
    if (!owns(partition, key)) return
    const ttlSeconds = remainingSeconds(record.storedAtMs, spec.ttlMs, Date.now())
    if (ttlSeconds < 0) return
    this.writer.put(key, record, record.payload, ttlSeconds)
    if (this.writer.congested) return this.writer.relieved()
  }

  idle(): void {}

  flushed(): Promise<void> {
    return this.writer.flushed()
  }

  blocked(): string | undefined {
    return this.writer.blocked
  }

  async targetEpoch(): Promise<number> {
    const { nc, tenant, spec } = this.#options
    return (await streamState(nc, bucketStream(tenant, spec.bucket))).epoch
  }

  close(): void {
    this.writer.close()
  }
}
