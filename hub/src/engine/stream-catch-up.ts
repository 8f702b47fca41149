import { Mode } from '@weir/proto'
import { type Chunk, nextLoss } from './cursor/advance.ts'
import type { Position } from './cursor/position.ts'
import { countWithin, select } from './cursor/select.ts'
import type { StreamChunk, StreamReader } from './cursor/stream-reader.ts'
import { send } from './delivery/send.ts'
import type { SourceCounters } from './delivery/source-counters.ts'
import type { Subscriber } from './delivery/subscriber.ts'
import type { Entry } from './log/entry.ts'
import type { EntryLog } from './log/entry-log.ts'
import { encodeStep } from './step-cache.ts'

/**
 * Moves subscribers whose position is older than memory forward, a chunk at a time, from the
 * stream.
 */
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
   * Reads and sends one chunk. Resolves to false when there is no credit for it, so the subscriber
   * has to wait. Sends nothing when the subscription or the incarnation has ended meanwhile. Throws
   * `unavailable`.
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

  /** Returns where mode ALL goes on in memory, or meets a gap. */
  #completeForAll(position: Position): number {
    return Math.min(this.#log.completeFrom, nextLoss(this.#log, position.seq)?.from ?? Number.POSITIVE_INFINITY)
  }

  /** Returns where mode LATEST goes on in memory. */
  #completeForLatest(position: Position): number {
    const { latestFrom, removalsFrom, gaps, keepsNewest } = this.#log
    position.streamUntil(Math.max(latestFrom, removalsFrom, keepsNewest ? 0 : gaps.from), this.#log)
    return position.streamTo
  }

  #send(subscriber: Subscriber, read: StreamChunk): boolean {
    const { position, mode } = subscriber
    const lost = read.lostTo > position.seq
    // An entry that a bucket no longer has was superseded. A snapshot misses nothing by what
    // retention had dropped before it.
    const uncounted = this.#log.keepsNewest || (lost && mode === Mode.LATEST && position.seq === 0)
    if (lost && !uncounted) {
      subscriber.passGap(read.lostTo, 'retention', this.#counters)
      if (subscriber.activity === 'closed') return true
      if (mode === Mode.LATEST) position.loseOwed(this.#log)
    }
    linkNewest(read.entries)
    const bytes = read.entries.reduce((sum, { start, end }) => sum + end - start, 0)
    const encoded = encodeStep(this.#log, subscriber, bytes, (most) =>
      chunkOf(this.#log, position, mode, read, uncounted, most),
    )
    // Another subscription of the connection may have used the credit during the read.
    if (send(encoded.batch, [subscriber], this.#counters).length > 0) return false
    position.sent(encoded.chunk)
    return true
  }
}

/**
 * Makes a chunk of the first `bytesMax` bytes of what was read. Every entry that it sends or counts
 * was owed, if it had left the ring.
 */
function chunkOf(
  { completeFrom }: EntryLog,
  { owed, uncountedTo }: Position,
  mode: Mode,
  read: StreamChunk,
  uncounted: boolean,
  bytesMax: number,
): Chunk {
  const reader = { mode, accepts: undefined, snapshotAt: 0, countedTo: 0 }
  const { entries, conflated, to, next, isWhole } = select(read.entries, 0, read.to, reader, bytesMax)
  const told = mode === Mode.LATEST ? countWithin(read.entries, next, uncountedTo, completeFrom) : 0
  return { kind: 'chunk', to: isWhole ? read.to : to, entries, conflated, uncounted, owed: owed - told, uncountedTo }
}

/**
 * Links the entries of a read as a table of its own: all but the last of each subject are
 * superseded.
 */
function linkNewest(read: readonly Entry[]): void {
  const newest = new Map(read.map((entry) => [entry.state.subject, entry]))
  for (const { state } of read) state.latest = newest.get(state.subject)
}
