import { Mode } from '@weir/proto'
import { type Chunk, nextLoss, type Position } from './advance.ts'
import { passGap } from './beginning.ts'
import { type EncodedStep, encodeChunk } from './chunks.ts'
import type { Entry, EntryLog } from './entry-log.ts'
import { fits } from './receiver.ts'
import type { SourceCounters } from './source-counters.ts'
import type { StreamChunk, StreamReader } from './stream-reader.ts'
import type { Subscriber } from './subscriber.ts'

/** Brings subscribers whose position is older than memory forward, a chunk at a time, from the stream. */
export class StreamCatchUp {
  readonly #log: EntryLog
  readonly #reader: StreamReader
  readonly #counters: SourceCounters

  constructor(log: EntryLog, reader: StreamReader, counters: SourceCounters) {
    this.#log = log
    this.#reader = reader
    this.#counters = counters
  }

  /**
   * Reads and sends one chunk; false when there is no credit for it, so that the subscriber has to wait for some. Nothing is
   * sent when the subscription or the incarnation has ended meanwhile. Throws `unavailable`.
   */
  async next(subscriber: Subscriber): Promise<boolean> {
    const { channel, position, receiver, mode } = subscriber
    const { epoch, begins } = this.#log
    const complete = mode === Mode.ALL ? this.#completeForAll(position) : this.#completeForLatest(position)
    const { filters, accepts } = channel
    this.#counters.streamReads++
    const isWanted = (): boolean => subscriber.activity !== 'closed' && begins === this.#log.begins
    const { seq: after } = position
    const { chunkBytesMax: bytesMax } = receiver
    const chunk = await this.#reader.read({
      epoch,
      after,
      filters,
      accepts,
      complete,
      bytesMax,
      owner: receiver,
      isWanted,
    })
    return chunk === undefined || !isWanted() || this.#send(subscriber, chunk)
  }

  /** Where mode ALL goes on in memory, or meets what the stream could not give. */
  #completeForAll(position: Position): number {
    return Math.min(this.#log.completeFrom, nextLoss(this.#log, position.seq)?.from ?? Number.POSITIVE_INFINITY)
  }

  /** Where mode LATEST goes on in memory. What it gets before may have been removed since, so no removal is left out. */
  #completeForLatest(position: Position): number {
    const { latestFrom, removalsFrom, gaps, keepsNewest } = this.#log
    position.removalsFrom = removalsFrom
    position.snapshotAt = 0
    position.streamTo = Math.max(position.streamTo, latestFrom, removalsFrom, keepsNewest ? 0 : gaps.from)
    return position.streamTo
  }

  #send(subscriber: Subscriber, chunk: StreamChunk): boolean {
    const { position, receiver, mode } = subscriber
    const { completeFrom, keepsNewest } = this.#log
    const lost = chunk.lostTo > position.seq
    // What a bucket no longer holds was superseded, and a snapshot misses nothing by what retention had dropped before it.
    const uncounted = keepsNewest || (lost && mode === Mode.LATEST && position.seq === 0)
    if (lost && !uncounted) {
      passGap(subscriber, chunk.lostTo, 'retention', this.#counters)
      position.uncountedTo = completeFrom
      position.owed = 0
    }
    const { step, bytes, read } = this.#encode(subscriber, chunk, uncounted)
    // Another subscription of the connection may have used the credit while this one was reading.
    if (!receiver.accepts(bytes.length, step.entries.length)) return false
    receiver.deliver(bytes)
    // What is read here was owed as well, when it left the ring.
    for (const { seq } of read) if (seq > position.uncountedTo) position.owed--
    this.#counters.batches++
    this.#counters.deliveries += step.entries.length
    this.#counters.conflated += step.conflated
    position.seq = step.to
    return true
  }

  /** As much of a chunk as is not too large for the receiver when it is encoded, and which of its entries that covers. */
  #encode(subscriber: Subscriber, chunk: StreamChunk, uncounted: boolean): EncodedRead {
    const { receiver, mode } = subscriber
    for (let count = chunk.entries.length, { to } = chunk; ; ) {
      const read = chunk.entries.slice(0, count)
      const entries = mode === Mode.LATEST ? newestOf(read) : read
      const conflated = read.length - entries.length
      const step = { kind: 'chunk', to, entries, conflated, uncounted, owed: 0, uncountedTo: 0 } as const
      const bytes = encodeChunk(this.#log.epoch, subscriber, step)
      if (count <= 1 || fits(receiver, bytes)) return { step, bytes, read }
      count = Math.max(1, Math.floor((count * receiver.chunkBytesMax) / bytes.length))
      to = (chunk.entries[count] as Entry).seq - 1
    }
  }
}

interface EncodedRead extends EncodedStep {
  readonly step: Chunk
  readonly read: readonly Entry[]
}

/** The last of each subject, in order. */
function newestOf(read: readonly Entry[]): readonly Entry[] {
  const newest = new Map(read.map((entry) => [entry.state.subject, entry]))
  return read.filter((entry) => newest.get(entry.state.subject) === entry)
}
