import { fromBinary } from '@bufbuild/protobuf'
import {
  bucketStream,
  type DirectMessage,
  keySubject,
  LastValueReader,
  type NatsConnection,
  readRange,
  type StoredMessage,
  streamState,
} from '@weir/mesh'
import { type Event, EventSchema, formatCursor, parseCursor, Removal, WeirError } from '@weir/proto'
import { limits } from '../limits.ts'

/** The value of a key and how fresh it is. */
export interface StateValue {
  /** The key. */
  readonly subject: string
  /** Its revision: the sequence in the bucket's stream. */
  readonly seq: number
  readonly event: Event
  /** How long ago its event was stored. */
  readonly ageMs: number
  /** The age at which it is removed; 0 when it never is. */
  readonly ttlMs: number
}

export interface StatePage {
  readonly bucket: string
  /** A subscription to the bucket from here continues this page: no change is missed. */
  readonly cursor: string
  readonly items: readonly StateValue[]
  /** Absent on the last page. */
  readonly next?: string
}

/**
 * Reads buckets straight from their streams, so that what was just written is seen and nothing is
 * kept in memory here.
 */
export class BucketReader {
  readonly #nc: NatsConnection
  readonly #values: LastValueReader
  readonly #shapes = new Map<string, BucketShape>()

  constructor(nc: NatsConnection) {
    this.#nc = nc
    this.#values = new LastValueReader(nc)
  }

  /**
   * The value of one key; undefined when there is none. Throws `not_found` when the bucket does not
   * exist.
   */
  async get(tenant: string, bucket: string, key: string): Promise<StateValue | undefined> {
    const shape = await this.#shape(tenant, bucket)
    const stream = bucketStream(tenant, bucket)
    const message = await this.#values.get(stream, keySubject(tenant, bucket, key))
    return message === undefined ? undefined : stateItem(key, message, message.storedAtMs, shape.ttlMs)
  }

  /** The cursor of the last change of a bucket. Throws `not_found` when it does not exist. */
  async head(tenant: string, bucket: string): Promise<string> {
    const { epoch, lastSeq } = await this.#freshShape(tenant, bucket)
    return formatCursor({ epoch, seq: lastSeq })
  }

  /**
   * Keys in the order in which they were put last. Each key that exists throughout is on some page;
   * one that is put between two pages moves to the end and may come twice.
   */
  async list(tenant: string, bucket: string, request: ListRequest): Promise<StatePage> {
    const { epoch, lastSeq, ttlMs } = await this.#freshShape(tenant, bucket)
    const cursor = formatCursor({ epoch, seq: lastSeq })
    let seq = 1 + afterSeq(request.after, epoch)
    const items: StateValue[] = []
    for (;;) {
      // One more than asked for tells whether there is another page: what follows may be removals
      // alone.
      const wanted = request.limit + 1 - items.length
      const { messages, more } = await this.#read(tenant, bucket, request.filters, seq, wanted)
      for (const message of messages) {
        const key = message.subject.slice(keySubject(tenant, bucket, '').length)
        const item = stateItem(key, message, Date.parse(message.header('Nats-Time-Stamp')), ttlMs)
        if (item !== undefined) items.push(item)
        seq = message.seq + 1
      }
      const last = items[request.limit - 1]
      if (items.length > request.limit && last !== undefined) {
        const next = formatCursor({ epoch, seq: last.seq })
        return { bucket, cursor, items: items.slice(0, request.limit), next }
      }
      if (!more) return { bucket, cursor, items }
    }
  }

  /** The first messages from a sequence on that some filter matches. */
  async #read(
    tenant: string,
    bucket: string,
    filters: readonly string[],
    seq: number,
    messagesMax: number,
  ): Promise<{ readonly messages: readonly StoredMessage[]; readonly more: boolean }> {
    const reads = await Promise.all(
      filters.map((filter) =>
        readRange(this.#nc, bucketStream(tenant, bucket), {
          seq,
          filter: keySubject(tenant, bucket, filter),
          messagesMax,
          bytesMax: limits.pageBytesMax,
        }),
      ),
    )
    const [first] = reads
    if (first !== undefined && reads.length === 1) return first
    // What one read left out may come before what another one gave: only up to the nearest end is
    // everything known.
    const known = Math.min(...reads.map(({ messages, more }) => (more ? (messages.at(-1)?.seq ?? 0) : Infinity)))
    const bySeq = new Map(reads.flatMap(({ messages }) => messages.map((message) => [message.seq, message])))
    const merged = [...bySeq.values()].filter((message) => message.seq <= known).sort((a, b) => a.seq - b.seq)
    return { messages: merged.slice(0, messagesMax), more: known !== Infinity || merged.length > messagesMax }
  }

  async #freshShape(tenant: string, bucket: string): Promise<BucketShape> {
    const state = await streamState(this.#nc, bucketStream(tenant, bucket)).catch((thrown) => {
      if (!(thrown instanceof WeirError) || thrown.code !== 'not_found') throw thrown
      throw new WeirError('not_found', `The tenant "${tenant}" has no bucket "${bucket}".`, { cause: thrown })
    })
    const shape = { epoch: state.epoch, lastSeq: state.lastSeq, ttlMs: state.maxAgeMs, readAtMs: Date.now() }
    this.#shapes.set(bucketStream(tenant, bucket), shape)
    return shape
  }

  /**
   * What seldom changes of a bucket is asked for every few seconds; there are as many as there are
   * buckets.
   */
  async #shape(tenant: string, bucket: string): Promise<BucketShape> {
    const known = this.#shapes.get(bucketStream(tenant, bucket))
    if (known !== undefined && Date.now() - known.readAtMs < limits.bucketShapeMs) return known
    return await this.#freshShape(tenant, bucket)
  }
}

export interface ListRequest {
  /** Valid, at least one. */
  readonly filters: readonly string[]
  readonly limit: number
  /** What the page before gave as `next`. */
  readonly after: string | undefined
}

interface BucketShape {
  readonly epoch: number
  readonly lastSeq: number
  readonly ttlMs: number
  readonly readAtMs: number
}

/**
 * A page of another incarnation of the bucket tells nothing about this one, so the listing begins
 * anew.
 */
function afterSeq(after: string | undefined, epoch: number): number {
  if (after === undefined) return 0
  const place = parseCursor(after)
  return place.epoch === epoch ? place.seq : 0
}

/** Undefined for the marker of a removal, and for what is no event. */
function stateItem(
  subject: string,
  message: DirectMessage | StoredMessage,
  storedAtMs: number,
  ttlMs: number,
): StateValue | undefined {
  if (message.removal !== Removal.UNSPECIFIED) return undefined
  try {
    const event = fromBinary(EventSchema, message.payload)
    const lives = message.header('Nats-TTL') === 'never' ? 0 : ttlMs
    return { subject, seq: message.seq, event, ageMs: ageOf(message, storedAtMs), ttlMs: lives }
  } catch {
    return undefined
  }
}

/** Since it was put, and the age that its event had by then if it came late. */
function ageOf(message: DirectMessage | StoredMessage, storedAtMs: number): number {
  return Math.max(0, Date.now() - storedAtMs) + (Number(message.header('Weir-Age')) || 0)
}
