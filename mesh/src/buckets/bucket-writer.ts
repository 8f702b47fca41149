/**
 * Hot path. Budget: 12 us an event that is written and 1 us one that is conflated, on Bun, guarded
 * by bench/src/projector.bench.ts (latest).
 */
import type { NatsConnection } from '@nats-io/nats-core'
import type { WeirError } from '@weir/proto'
import { limits } from '../config/limits.ts'
import { StreamReader } from '../read/stream-reader.ts'
import type { Logger } from '../run/log.ts'
import { bucketStream, keySubject } from '../streams/layout.ts'
import { streamState } from '../streams/stream-state.ts'
import { compareBucket, type RewriteResult } from './bucket-rewrite.ts'
import { KeyEntries, type KeyEntry, type KeyValue, setStamp } from './key-entries.ts'
import { type BucketWriterStats, KeyWrites } from './key-writes.ts'
import { beforeAll, isNewer, readStamp, type ValueStamp } from './value-stamp.ts'
import { WriteBarrier } from './write-barrier.ts'

export interface BucketWriterOptions {
  readonly nc: NatsConnection
  readonly tenant: string
  readonly bucket: string
  readonly log: Logger
  /** A key that was refused for good: too large, or the bucket is full. */
  readonly onRefused: (key: string, stamp: ValueStamp, error: WeirError) => void
  /** A value of another writer that is newer than what this one holds of the key. */
  readonly onOvertaken?: (key: string, stamp: ValueStamp, payload: Uint8Array) => void
  readonly inFlightMax?: number
  readonly heldBytesMax?: number
  readonly keysMax?: number
}

/**
 * Keeps the newest value of each key in a bucket, where the newest is what comes from the later
 * event, in whatever order values come: a value carries the stamp of its event and is put under the
 * condition that the key's revision is the one last seen. On a conflict the stored stamp decides.
 * One write a key is in flight; what comes meanwhile is conflated. So repeats, restarts and several
 * writers of one bucket end in the same state.
 */
export class BucketWriter {
  readonly stats: BucketWriterStats = { written: 0, conflated: 0, stale: 0, conflicts: 0, retries: 0, refused: 0 }
  readonly #options: BucketWriterOptions
  readonly #stream: string
  readonly #writes: KeyWrites
  readonly #entries: KeyEntries
  readonly #barrier = new WriteBarrier()
  readonly #inFlightMax: number
  readonly #heldBytesMax: number
  #rewriting = false
  #relief: (() => void)[] = []
  #closed = false

  constructor(options: BucketWriterOptions) {
    this.#options = options
    this.#stream = bucketStream(options.tenant, options.bucket)
    const onFinished = (entry: KeyEntry, value: KeyValue): void => this.#finished(entry, value)
    this.#writes = new KeyWrites({ ...options, onFinished }, this.stats)
    this.#inFlightMax = options.inFlightMax ?? limits.bucketInFlightMax
    this.#heldBytesMax = options.heldBytesMax ?? limits.bucketHeldBytesMax
    this.#entries = new KeyEntries(options.keysMax ?? limits.bucketKeysMax)
  }

  /** Keys whose revision is known. */
  get keys(): number {
    return this.#entries.size
  }

  /** Why writes wait, while they do: the bucket is gone, the disk is full, NATS is away. */
  get blocked(): string | undefined {
    return this.#writes.blocked
  }

  /**
   * Learns what the bucket holds, so that the first write of each key needs no conflict. With
   * `onValue` the values are read as well. Throws `not_found` when there is no such bucket, or
   * `unavailable`.
   */
  async load(onValue?: (key: string, stamp: ValueStamp, payload: Uint8Array) => void): Promise<void> {
    const { nc, tenant, bucket } = this.#options
    // Asked for only to tell a bucket that does not exist from one that cannot be read at the
    // moment.
    await streamState(nc, this.#stream)
    const prefix = keySubject(tenant, bucket, '').length
    const reader = new StreamReader({ nc, stream: this.#stream, start: 'latest', headersOnly: onValue === undefined })
    await reader.runToHead((message) => {
      const key = message.subject.slice(prefix)
      const entry = this.#entries.of(key)
      entry.revision = message.seq
      if (message.header('Weir-Seq') !== '') {
        const stamp = readStamp(message)
        setStamp(entry, stamp)
        onValue?.(key, stamp, message.payload)
      }
      return undefined
    })
  }

  /**
   * Forgets all that was learnt, and a rewrite that was begun: the bucket is another one, or is
   * looked at anew.
   */
  reset(): void {
    this.#rewriting = false
    this.#entries.clear(({ generation }) => this.#barrier.end(generation))
  }

  /**
   * Begins to write the bucket anew: from now on values are held, whatever the bucket has, until
   * `finishRewrite`. The bound on memory is then all values together.
   */
  beginRewrite(): void {
    this.reset()
    this.#rewriting = true
  }

  /**
   * Makes the bucket hold what was put since `beginRewrite`: values that are there already stay
   * untouched, others are put whatever their stamp, and keys that nobody put are removed if they
   * may be.
   */
  async finishRewrite(mayRemove: (key: string, stamp: ValueStamp) => boolean): Promise<RewriteResult> {
    const { nc, tenant, bucket } = this.#options
    const [{ publisher }, entries] = [this.#writes, this.#entries]
    const onKept = (entry: KeyEntry): void => this.#keep(entry)
    const compared = await compareBucket({ nc, tenant, bucket, publisher, entries, mayRemove, onKept })
    this.#rewriting = false
    let written = 0
    for (const entry of entries.all()) {
      if (entry.sent !== undefined) continue
      const value = entries.release(entry)
      if (value === undefined) continue
      written++
      this.#writes.send(entry, value)
      if (this.congested) await this.relieved()
    }
    return { ...compared, written }
  }

  /**
   * Puts a value unless the key has a newer one. The payload is copied when it has to wait. Look at
   * `congested` afterwards: nothing is refused here, so the bound on memory is for the caller to
   * keep.
   *
   * @param ttlSeconds less than the bucket's own, for a value whose event is older; 0 for the
   *   bucket's; Infinity for a value that stays until there is a newer one
   * @param ageMs of the event, told to readers by the header `Weir-Age`; 0 for one that just came
   */
  put(key: string, stamp: ValueStamp, payload: Uint8Array, ttlSeconds: number, ageMs = 0): void {
    const entry = this.#entries.of(key)
    const { sent, next } = entry
    if (!isNewer(stamp, next ?? (this.#rewriting ? beforeAll : (sent ?? entry)))) {
      this.stats.stale++
    } else if (sent === undefined && !this.#rewriting) {
      const generation = this.#barrier.begin()
      const { epoch, seq, atMs = 0 } = stamp
      this.#writes.send(entry, { epoch, seq, atMs, payload, ttlSeconds, ageMs, generation })
    } else {
      if (next !== undefined) this.stats.conflated++
      // The generation of the oldest value stays: a fold's newer value contains it.
      const generation = next === undefined ? this.#barrier.begin() : next.generation
      const { epoch, seq, atMs = 0 } = stamp
      this.#entries.hold(entry, { epoch, seq, atMs, payload: payload.slice(), ttlSeconds, ageMs, generation })
    }
  }

  /** Whether the caller should wait for `relieved` before it puts more. */
  get congested(): boolean {
    if (this.#rewriting) return false
    return this.#writes.inFlight >= this.#inFlightMax || this.#entries.heldBytes >= this.#heldBytesMax
  }

  relieved(): Promise<void> {
    if (!this.congested || this.#closed) return Promise.resolve()
    return new Promise((resolve) => this.#relief.push(resolve))
  }

  /** Resolves when everything that was put before this call is stored, overtaken or refused. */
  flushed(): Promise<void> {
    return this.#barrier.passed()
  }

  /** Ends without waiting; see `flushed`. */
  close(): void {
    this.#closed = true
    this.#writes.close()
    this.#relieve()
  }

  #finished(entry: KeyEntry, value: KeyValue): void {
    this.#barrier.end(value.generation)
    const next = this.#rewriting ? undefined : this.#entries.release(entry)
    if (next !== undefined) {
      if (isNewer(next, entry)) this.#writes.send(entry, next)
      else {
        this.stats.stale++
        this.#barrier.end(next.generation)
      }
    }
    if (this.#relief.length > 0 && this.#writes.inFlight < this.#inFlightMax / 2) this.#relieve()
  }

  /** The bucket has this very value. */
  #keep(entry: KeyEntry): void {
    const value = this.#entries.release(entry)
    if (value === undefined) return
    setStamp(entry, value)
    this.#barrier.end(value.generation)
  }

  #relieve(): void {
    const waiting = this.#relief
    this.#relief = []
    for (const resolve of waiting) resolve()
  }
}
