import {
  firstSequence,
  type NatsConnection,
  readRange,
  type StoredMessage,
  sourceStream,
  sourceSubject,
  streamState,
  tenantOfShard,
} from '@weir/mesh'
import { commonFilter, entryBytesMax, WeirError, writeEntry } from '@weir/proto'
import type { StreamChunk, StreamRange, StreamRead, StreamReader } from '../engine/cursor/stream-reader.ts'
import type { Entry } from '../engine/log/entry.ts'
import { limits } from '../limits.ts'
import type { Semaphore } from './semaphore.ts'

/**
 * Reads a source by batched direct gets: stateless, so that a reader that stalls between two chunks
 * holds nothing on the server, and no consumer is made for a client.
 */
export class NatsStreamReader implements StreamReader {
  readonly #nc: NatsConnection
  readonly #tenant: string
  readonly #stream: string
  readonly #prefix: string
  readonly #semaphore: Semaphore
  /** Shared by all that ask at once, as thousands do that resume. */
  #range: Promise<StreamRange> | undefined

  /** @param shard the tenant, where it has one stream of events, and of buckets */
  constructor(nc: NatsConnection, shard: string, source: string, semaphore: Semaphore) {
    this.#nc = nc
    this.#tenant = tenantOfShard(shard)
    this.#stream = sourceStream(shard, source)
    this.#prefix = `${sourceSubject(shard, source)}.`
    this.#semaphore = semaphore
  }

  read(request: StreamRead): Promise<StreamChunk | undefined> {
    const { owner, isWanted } = request
    return this.#semaphore.run(this.#tenant, owner, async () => (isWanted() ? await this.#read(request) : undefined))
  }

  range(): Promise<StreamRange> {
    this.#range ??= streamState(this.#nc, this.#stream).finally(() => {
      this.#range = undefined
    })
    return this.#range
  }

  async #read({ epoch, after, filters, accepts, complete, bytesMax }: StreamRead): Promise<StreamChunk> {
    const filter = this.#prefix + commonFilter(filters)
    // One filter stands for several, so much of what is read may not match.
    const bytesRead = filters.length === 1 ? bytesMax : Math.max(bytesMax, limits.chunkBytesMax)
    const range = { seq: after + 1, filter, messagesMax: limits.streamMessagesMax, bytesMax: bytesRead }
    const { messages, more } = await readRange(this.#nc, this.#stream, range)
    const within = messages.filter(({ seq }) => seq <= complete)
    const last = within.at(-1)?.seq ?? after
    const passed = messages.length > within.length || (!more && (await this.#endsBefore(last, filter, complete)))
    const matching = within.filter(({ subject }) => accepts(subject.slice(this.#prefix.length)))
    const entries = fitting(matching, bytesMax).map((each) => this.#entry(each))
    const cut = matching[entries.length]
    const to = cut !== undefined ? cut.seq - 1 : passed ? complete : last
    // Asked after the read: what retention dropped meanwhile may have been missed.
    const { firstSeq, epoch: now } = await streamState(this.#nc, this.#stream)
    if (now !== epoch) throw new WeirError('unavailable', 'The stream was made anew; the tail will notice.')
    const lostTo = Math.max(after, Math.min(firstSeq - 1, (within[0]?.seq ?? Number.POSITIVE_INFINITY) - 1, to))
    return { entries, to, lostTo }
  }

  /**
   * Whether nothing that matches lies in (last, complete], by the word of the leader: a replica may
   * be behind.
   */
  async #endsBefore(last: number, filter: string, complete: number): Promise<boolean> {
    const next = await firstSequence(this.#nc, this.#stream, last + 1, filter)
    return next === undefined || next > complete
  }

  #entry({ subject: stored, seq, payload, removal }: StoredMessage): Entry {
    const subject = stored.slice(this.#prefix.length)
    const bytes = new Uint8Array(entryBytesMax(subject.length, payload.length))
    const end = writeEntry(bytes, 0, subject, seq, payload, removal)
    return { seq, state: { subject, latest: undefined, answer: 0, routedAt: 0 }, removal, bytes, start: 0, end }
  }
}

/** As many as come first and have so many bytes together; one at least. */
function fitting(messages: readonly StoredMessage[], bytesMax: number): readonly StoredMessage[] {
  let bytes = 0
  const end = messages.findIndex(({ payload }, index) => {
    bytes += payload.length
    return index > 0 && bytes > bytesMax
  })
  return end < 0 ? messages : messages.slice(0, end)
}
