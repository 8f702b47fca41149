import { setTimeout as sleep } from 'node:timers/promises'
import {
  bucketStream,
  keySubject,
  type Logger,
  type NatsConnection,
  type StreamMessage,
  StreamReader,
  type StreamReaderOptions,
  streamState,
} from '@weir/mesh'
import { asWeirError, backoffMs, Removal } from '@weir/proto'
import { limits } from '../limits.ts'
import { repeat } from '../run/repeat.ts'

/** A value of a bucket, or that there is none any more. */
export interface FollowedEntry {
  readonly key: string
  readonly payload: Uint8Array
  readonly storedAtMs: number
  readonly removed: boolean
}

export interface BucketFollowerOptions<Content> {
  readonly nc: NatsConnection
  readonly tenant: string
  readonly bucket: string
  readonly log: Logger
  readonly empty: () => Content
  /** Enters one value, in the order in which they were put. */
  readonly enter: (content: Content, entry: FollowedEntry) => void
}

/**
 * What somebody keeps of a bucket: read at the start and followed from then on; made anew when the
 * bucket is another one. While the bucket is missing it is empty.
 */
export class BucketFollower<Content> {
  readonly #options: BucketFollowerOptions<Content>
  #content: Content
  #version = 0
  #reader: StreamReader | undefined
  #closed = false
  #following: Promise<void> = Promise.resolve()

  constructor(options: BucketFollowerOptions<Content>) {
    this.#options = options
    this.#content = options.empty()
  }

  get content(): Content {
    return this.#content
  }

  /** Another number after each change; 0 until the bucket was read to its end once. */
  get version(): number {
    return this.#version
  }

  start(): void {
    this.#following = this.#follow()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#reader?.close()
    await this.#following
  }

  async #follow(): Promise<void> {
    const { log, tenant, bucket, empty } = this.#options
    for (let failures = 0; !this.#closed; failures++) {
      try {
        await this.#session()
        failures = 0
      } catch (thrown) {
        const { code, message } = asWeirError(thrown)
        if (code === 'not_found') {
          this.#content = empty()
          this.#version++
        }
        if (failures === 0) log.warn({ tenant, bucket, reason: message }, 'a bucket cannot be followed; will try again')
      }
      for (const end = Date.now() + backoffMs(failures, limits.restartMs, limits.restartMaxMs); Date.now() < end; ) {
        if (this.#closed) return
        await sleep(limits.closePollMs)
      }
    }
  }

  /** Until the bucket is another one, or gone. */
  async #session(): Promise<void> {
    const { nc, tenant, bucket, empty } = this.#options
    const stream = bucketStream(tenant, bucket)
    const { epoch, lastSeq } = await streamState(nc, stream)
    const fresh = empty()
    await this.#read({ nc, stream, start: 'latest' }, fresh, true)
    this.#content = fresh
    this.#version++
    const stop = repeat(limits.watchMs, async () => {
      const now = await streamState(nc, stream).catch((thrown) => {
        return asWeirError(thrown).code === 'not_found' ? { epoch: 0 } : { epoch }
      })
      if (now.epoch !== epoch) this.#reader?.close()
    })
    try {
      // What came meanwhile is entered twice at most, and ends the same.
      await this.#read({ nc, stream, start: { seq: lastSeq + 1 } }, fresh, false)
    } finally {
      stop()
    }
  }

  async #read(options: StreamReaderOptions, content: Content, toHead: boolean): Promise<void> {
    const reader = new StreamReader(options)
    this.#reader = reader
    if (this.#closed) return
    const prefix = keySubject(this.#options.tenant, this.#options.bucket, '').length
    const take = ({ subject, payload, storedAtMs, removal }: StreamMessage): undefined => {
      const removed = removal !== Removal.UNSPECIFIED
      this.#options.enter(content, { key: subject.slice(prefix), payload, storedAtMs, removed })
      if (!toHead) this.#version++
    }
    await (toHead ? reader.runToHead(take) : reader.run(take))
  }
}
