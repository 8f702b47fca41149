import { BucketWriter, bucketStream, type Logger, type NatsConnection, streamState, type ValueStamp } from '@weir/mesh'
import type { WeirError } from '@weir/proto'
import type { BucketFillingSpec } from '../declaration/projection-spec.ts'
import { owns, type Partition } from '../event/partition.ts'
import { limits } from '../limits.ts'
import type { Effects, Rebuilding } from '../run/projection.ts'
import { remainingSeconds } from './time-to-live.ts'

export interface BucketTargetOptions {
  readonly nc: NatsConnection
  readonly tenant: string
  readonly spec: Pick<BucketFillingSpec, 'name' | 'bucket' | 'ttlMs'>
  readonly partition: Partition
  readonly log: Logger
  /** Whether another projection of the same bucket may write a key. */
  readonly isOthers: (key: string) => boolean
  /** A newer value that another replica put. */
  readonly onOvertaken?: (key: string, stamp: ValueStamp, payload: Uint8Array) => void
}

/**
 * The bucket that a projection fills: which keys are its own, how long a value still lives, and the
 * writing itself.
 */
export class BucketTarget implements Effects {
  readonly writer: BucketWriter
  readonly #options: BucketTargetOptions
  #refusedAtMs = 0

  constructor(options: BucketTargetOptions) {
    const { nc, tenant, spec, log, onOvertaken } = options
    this.#options = options
    this.writer = new BucketWriter({
      nc,
      tenant,
      bucket: spec.bucket,
      log,
      keysMax: limits.keysMax,
      onRefused: (key, _stamp, error) => this.#refused(key, error),
      ...(onOvertaken === undefined ? {} : { onOvertaken }),
    })
  }

  owns(key: string): boolean {
    return owns(this.#options.partition, key)
  }

  /** Whether the value of an event that was stored then would have expired by now. */
  isExpired(storedAtMs: number): boolean {
    return Date.now() - storedAtMs >= this.#options.spec.ttlMs
  }

  /** Puts a value unless it would have expired already or the key has a newer one. */
  put(key: string, stamp: ValueStamp, storedAtMs: number, payload: Uint8Array): void {
    const ageMs = Date.now() - storedAtMs
    const ttlSeconds = remainingSeconds(ageMs, this.#options.spec.ttlMs)
    if (ttlSeconds >= 0) this.writer.put(key, stamp, payload, ttlSeconds, ageMs < limits.freshMs ? 0 : ageMs)
  }

  /** The same for a value that does not expire, however long nothing newer comes. */
  putForever(key: string, stamp: ValueStamp, storedAtMs: number, payload: Uint8Array): void {
    const ageMs = Date.now() - storedAtMs
    this.writer.put(key, stamp, payload, Number.POSITIVE_INFINITY, ageMs < limits.freshMs ? 0 : ageMs)
  }

  /**
   * A rebuild of what is this projection's alone in its bucket; `forget` drops what the projection
   * remembers.
   */
  rebuilding(forget: () => void, flush: () => void): Rebuilding {
    return {
      begin: async () => {
        forget()
        this.writer.beginRewrite()
      },
      finish: async ({ epoch, firstSeq }) => {
        flush()
        const { kept, written, removed } = await this.writer.finishRewrite((key, stamp) => {
          // What came from events that are gone cannot be told from what is wrong, so it stays
          // until its TTL.
          const verifiable = stamp.seq === 0 || (stamp.epoch === epoch && stamp.seq >= firstSeq)
          return verifiable && this.owns(key) && !this.#options.isOthers(key)
        })
        return { kept, written, removed }
      },
    }
  }

  /** A promise while more is waiting to be written than should. */
  relief(): Promise<void> | undefined {
    return this.writer.congested ? this.writer.relieved() : undefined
  }

  flushed(): Promise<void> {
    return this.writer.flushed()
  }

  blocked(): string | undefined {
    return this.writer.blocked
  }

  close(): void {
    this.writer.close()
  }

  async targetEpoch(): Promise<number> {
    const { nc, tenant, spec } = this.#options
    return (await streamState(nc, bucketStream(tenant, spec.bucket))).epoch
  }

  /** A full bucket refuses every new key: one line a while says so, the metric counts. */
  #refused(key: string, error: WeirError): void {
    const now = Date.now()
    if (now - this.#refusedAtMs < limits.repeatedLogMs) return
    this.#refusedAtMs = now
    const { spec, log } = this.#options
    const { refused } = this.writer.stats
    log.error(
      { projection: spec.name, bucket: spec.bucket, key, code: error.code, reason: error.message, refused },
      'the bucket does not take a key; give it a larger quota, a shorter TTL or fewer keys',
    )
  }
}
