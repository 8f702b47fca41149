/**
 * Hot path. Budget: that of bucket-writer.ts.
 */
import type { NatsConnection } from '@nats-io/nats-core'
import { backoffMs, type WeirError } from '@weir/proto'
import { limits } from '../config/limits.ts'
import { onReconnect } from '../connection/reconnects.ts'
import { ConditionalPublisher, type Outcome } from '../publish/conditional-publisher.ts'
import { LastValueReader } from '../read/last-value-reader.ts'
import type { Logger } from '../run/log.ts'
import { bucketStream, keySubject } from '../streams/layout.ts'
import { type KeyEntry, type KeyValue, setStamp } from './key-entries.ts'
import { beforeAll, isNewer, readStamp, stampHeaders, type ValueStamp } from './value-stamp.ts'

export interface BucketWriterStats {
  written: number
  /** Values that a newer one of the same key replaced before they were sent. */
  conflated: number
  /** Values that were not newer than what the bucket held. */
  stale: number
  conflicts: number
  retries: number
  refused: number
}

export interface KeyWritesOptions {
  readonly nc: NatsConnection
  readonly tenant: string
  readonly bucket: string
  readonly log: Logger
  readonly onRefused: (key: string, stamp: ValueStamp, error: WeirError) => void
  readonly onOvertaken?: (key: string, stamp: ValueStamp, payload: Uint8Array) => void
  /** A value is stored, overtaken or refused. */
  readonly onFinished: (entry: KeyEntry, value: KeyValue) => void
}

/**
 * The writes of a bucket that are in flight, one a key at most: each under the condition that the
 * key's revision is the one last seen, and sent again until it is stored, overtaken or refused; at
 * once after a reconnect.
 */
export class KeyWrites {
  readonly stats: BucketWriterStats
  readonly publisher: ConditionalPublisher
  readonly #options: KeyWritesOptions
  readonly #stream: string
  readonly #values: LastValueReader
  readonly #reconnects: { stop(): void }
  /** Those that wait to be sent again. */
  readonly #waiting = new Map<KeyEntry, NodeJS.Timeout>()
  #inFlight = 0
  #blocked: string | undefined
  #closed = false

  constructor(options: KeyWritesOptions, stats: BucketWriterStats) {
    const { nc, tenant, bucket } = options
    this.#options = options
    this.stats = stats
    this.#stream = bucketStream(tenant, bucket)
    this.publisher = new ConditionalPublisher(nc, { deadlineMs: limits.bucketAckMs })
    this.#values = new LastValueReader(nc)
    this.#reconnects = onReconnect(nc, () => this.#sendWaiting())
  }

  get inFlight(): number {
    return this.#inFlight
  }

  /** Why writes wait, while they do: the bucket is gone, the disk is full, NATS is away. */
  get blocked(): string | undefined {
    return this.#blocked
  }

  send(entry: KeyEntry, value: KeyValue): void {
    entry.sent = value
    this.#inFlight++
    this.#publish(entry, value)
  }

  close(): void {
    this.#closed = true
    this.#reconnects.stop()
    for (const timer of this.#waiting.values()) clearTimeout(timer)
    this.#waiting.clear()
    this.publisher.close()
    this.#values.close()
  }

  #publish(entry: KeyEntry, value: KeyValue): void {
    const { tenant, bucket } = this.#options
    const age = value.ageMs > 0 ? `Weir-Age: ${value.ageMs}\r\n` : ''
    const { ttlSeconds } = value
    const ttl =
      ttlSeconds > 0 ? `Nats-TTL: ${ttlSeconds === Number.POSITIVE_INFINITY ? 'never' : `${ttlSeconds}s`}\r\n` : ''
    this.publisher.publish(
      {
        subject: keySubject(tenant, bucket, entry.key),
        payload: value.payload,
        expectedSeq: entry.revision,
        headers: stampHeaders(value) + age + ttl,
      },
      (outcome) => this.#settled(entry, value, outcome),
    )
  }

  #settled(entry: KeyEntry, value: KeyValue, outcome: Outcome): void {
    if (this.#closed) return
    switch (outcome.kind) {
      case 'stored':
        this.stats.written++
        this.#blocked = undefined
        entry.revision = outcome.seq
        setStamp(entry, value)
        this.#finish(entry, value)
        return
      case 'conflict':
        this.stats.conflicts++
        void this.#resolve(entry, value)
        return
      case 'refused':
        this.stats.refused++
        this.#options.onRefused(entry.key, value, outcome.error)
        this.#finish(entry, value)
        return
      case 'unknown':
        this.#retry(entry, outcome.reason)
    }
  }

  /** Somebody wrote the key, or it expired: what is stored now decides. */
  async #resolve(entry: KeyEntry, value: KeyValue): Promise<void> {
    const { tenant, bucket, onOvertaken } = this.#options
    try {
      const stored = await this.#values.get(this.#stream, keySubject(tenant, bucket, entry.key))
      if (this.#closed) return
      entry.revision = stored?.seq ?? 0
      setStamp(entry, stored === undefined ? beforeAll : readStamp(stored))
      if (stored !== undefined && !isNewer(value, entry)) {
        this.stats.stale++
        if (isNewer(entry, value)) onOvertaken?.(entry.key, readStamp(stored), stored.payload)
        this.#finish(entry, value)
      } else {
        this.#publish(entry, value)
      }
    } catch (cause) {
      this.#retry(entry, cause instanceof Error ? cause.message : String(cause))
    }
  }

  /**
   * A write that may or may not have been stored is sent again as it was: if it was stored, a
   * conflict will say so.
   */
  #retry(entry: KeyEntry, reason: string): void {
    if (this.#closed) return
    this.stats.retries++
    if (this.#blocked === undefined) {
      this.#blocked = reason
      this.#options.log.warn({ bucket: this.#options.bucket, reason }, 'the bucket cannot be written; will try again')
    }
    const waitMs = backoffMs(entry.attempts++, limits.bucketRetryMs, limits.bucketRetryMaxMs)
    this.#waiting.set(
      entry,
      setTimeout(() => this.#sendAgain(entry), waitMs),
    )
  }

  #sendAgain(entry: KeyEntry): void {
    clearTimeout(this.#waiting.get(entry))
    this.#waiting.delete(entry)
    if (entry.sent !== undefined) this.#publish(entry, entry.sent)
  }

  #sendWaiting(): void {
    for (const entry of [...this.#waiting.keys()]) this.#sendAgain(entry)
  }

  #finish(entry: KeyEntry, value: KeyValue): void {
    entry.sent = undefined
    entry.attempts = 0
    this.#inFlight--
    this.#options.onFinished(entry, value)
  }
}
