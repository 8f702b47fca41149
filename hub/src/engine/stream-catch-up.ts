import { Mode } from '@weir/proto'
import { nextLoss, type Position } from './advance.ts'
import { passGap } from './beginning.ts'
import type { EntryLog } from './entry-log.ts'
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
    const { epoch } = this.#log
    const complete = mode === Mode.ALL ? this.#completeForAll(position) : this.#completeForLatest(position)
    const { filters, accepts } = channel
    this.#counters.streamReads++
    const read = { epoch, after: position.seq, filters, accepts, complete, bytesMax: receiver.chunkBytesMax }
    const chunk = await this.#reader.read(read)
    return subscriber.closed || epoch !== this.#log.epoch || this.#send(subscriber, chunk)
  }

  /** Where mode ALL goes on in memory, or meets what the stream could not give. */
  #completeForAll(position: Position): number {
    return Math.min(this.#log.completeFrom, nextLoss(this.#log, position.seq)?.from ?? Number.POSITIVE_INFINITY)
  }

  /** Where mode LATEST goes on in memory. What it gets before may have been removed since, so no removal is left out. */
  #completeForLatest(position: Position): number {
    position.snapshotAt = 0
    const { latestFrom, removalsFrom, gapsFrom, keepsNewest } = this.#log
    position.streamTo = Math.max(position.streamTo, latestFrom, removalsFrom, keepsNewest ? 0 : gapsFrom)
    return position.streamTo
  }

  #send(subscriber: Subscriber, chunk: StreamChunk): boolean {
    const { channel, position, receiver, mode } = subscriber
    const { epoch, completeFrom, keepsNewest } = this.#log
    const lost = chunk.lostTo > position.seq
    // What a bucket no longer holds was superseded, and a snapshot misses nothing by what retention had dropped before it.
    const uncounted = keepsNewest || (lost && mode === Mode.LATEST && position.seq === 0)
    if (lost && !uncounted) {
      passGap(subscriber, chunk.lostTo, 'retention')
      this.#counters.gaps++
      position.uncountedTo = completeFrom
      position.owed = 0
    }
    const entries = mode === Mode.LATEST ? newestOf(chunk) : chunk.entries
    const conflated = chunk.entries.length - entries.length
    const step = { kind: 'chunk', to: chunk.to, entries, conflated, uncounted, owed: 0, uncountedTo: 0 } as const
    const bytes = channel.encode(epoch, subscriber, step)
    // Another subscription of the connection may have used the credit while this one was reading.
    if (!receiver.accepts(bytes.length)) return false
    receiver.deliver(bytes)
    // What is read here was owed as well, when it left the ring.
    for (const { seq } of chunk.entries) if (seq > position.uncountedTo) position.owed--
    this.#counters.batches++
    this.#counters.deliveries += entries.length
    this.#counters.conflated += conflated
    position.seq = chunk.to
    return true
  }
}

/** The last of each subject, in order. */
function newestOf(chunk: StreamChunk): StreamChunk['entries'] {
  const newest = new Map(chunk.entries.map((entry) => [entry.state.subject, entry]))
  return chunk.entries.filter((entry) => newest.get(entry.state.subject) === entry)
}
