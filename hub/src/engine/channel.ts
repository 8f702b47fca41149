import { type BatchHead, compileFilters, Mode } from '@weir/proto'
import { codecCount } from '../codec/codec.ts'
import { advance, type Chunk, countMatches, oweDropped, type Position, positionAt } from './advance.ts'
import { type Entry, type EntryLog, isSuperseded } from './entry-log.ts'
import type { Route } from './router.ts'
import type { SourceCounters } from './source-counters.ts'
import type { Subscriber } from './subscriber.ts'

/**
 * The subscribers that share source, filters and interval. Those that are caught up stand at the channel's own position and
 * get the same bytes; those that are behind stand at positions of their own.
 *
 * Budget: 60 ns a caught-up subscriber and batch beside the system call (bench/src/fan-out.bench.ts).
 */
export class Channel implements Route {
  readonly number: number
  readonly key: string
  readonly filters: readonly string[]
  readonly intervalMs: number
  readonly twin: number
  readonly accepts: (subject: string) => boolean
  readonly position: Position
  readonly caughtUp: Subscriber[] = []
  readonly behind: Set<Subscriber> = new Set()
  /** Those of `behind` that are past the channel's position: they resumed from a hub that was further, or between two ticks. */
  readonly waiting: Set<Subscriber> = new Set()
  visit = 0
  /** Entries that match and came since the last pass; stays empty where there is an interval. */
  pending: Entry[] = []
  /** Something that matches came since the last flush. */
  dirty = false
  /** When it was last flushed, milliseconds of the hub's clock. */
  flushedAt: number = Number.NEGATIVE_INFINITY
  /** A timer runs for its next flush. */
  timed = false
  #allCount = 0
  /** Chunks of the present pass by the position they start from: many that stand together are encoded once. */
  #chunks: Map<string, EncodedChunk> | undefined

  constructor(number: number, kind: ChannelKind, head: number) {
    this.number = number
    this.key = channelKey(kind)
    this.filters = kind.filters
    this.intervalMs = kind.intervalMs
    this.twin = kind.twin
    this.accepts = compileFilters(kind.filters)
    this.position = positionAt(head)
  }

  /** Whether it is the channel, or one of the twins, of a canonical filter set and an interval. */
  reads(filters: readonly string[], intervalMs: number): boolean {
    return this.key === channelKey({ filters, intervalMs, twin: this.twin })
  }

  get size(): number {
    return this.caughtUp.length + this.behind.size
  }

  add(subscriber: Subscriber): void {
    if (subscriber.mode === Mode.ALL) this.#allCount++
    this.behind.add(subscriber)
  }

  remove(subscriber: Subscriber): void {
    if (subscriber.mode === Mode.ALL) this.#allCount--
    if (!subscriber.isBehind) this.#leaveCaughtUp(subscriber)
    this.behind.delete(subscriber)
    this.waiting.delete(subscriber)
  }

  /** A subscriber that stands where the channel stands goes on with the others. */
  join(subscriber: Subscriber): void {
    this.behind.delete(subscriber)
    this.waiting.delete(subscriber)
    subscriber.place = this.caughtUp.length
    this.caughtUp.push(subscriber)
  }

  /**
   * Sends what came since the last flush to all that are caught up, and moves the channel to `head`. Gives those that must be
   * served each by itself.
   */
  flush(log: EntryLog, head: number, batchBytesMax: number, counters: SourceCounters): readonly Subscriber[] {
    this.dirty = false
    this.#chunks = undefined
    let scattered = nobody
    if (this.intervalMs > 0) scattered = this.#flushInterval(log, head, batchBytesMax, counters)
    else this.#flushPending(log, head, batchBytesMax, counters)
    this.position.seq = head
    this.position.owed = 0
    return scattered
  }

  /** Moves the cursors of a quiet channel to the head, so that they do not grow old. */
  beat(epoch: number, head: number, counters: SourceCounters): void {
    if (this.position.seq >= head) return
    this.#share(epoch, noEntries, head, 0, counters)
  }

  /** The chunk for a subscriber that is behind, encoded for its codec. */
  encode(epoch: number, subscriber: Subscriber, chunk: Chunk): Uint8Array {
    const head = { ...chunk, channel: this.number, from: subscriber.position.seq }
    return subscriber.receiver.codec.batch(head, epoch, chunk.entries)
  }

  /** As `advance` and `encode`, remembered for the rest of the pass. */
  chunkFrom(log: EntryLog, subscriber: Subscriber, limit: number): EncodedChunk {
    const { position, mode, receiver } = subscriber
    const { seq, owed, uncountedTo, snapshotAt, streamTo } = position
    const key = `${seq},${owed},${uncountedTo},${snapshotAt},${streamTo},${mode},${receiver.codec.index},${receiver.chunkBytesMax},${limit}`
    this.#chunks ??= new Map()
    const known = this.#chunks.get(key)
    if (known !== undefined) return known
    const step = advance(log, position, { mode, accepts: this.accepts }, limit, receiver.chunkBytesMax)
    const bytes = step.kind === 'chunk' ? this.encode(log.epoch, subscriber, step).slice() : noBytes
    const encoded = { step, bytes }
    this.#chunks.set(key, encoded)
    return encoded
  }

  endPass(): void {
    this.#chunks = undefined
  }

  /** Counts the entries of indexes [first, last), which are about to leave the ring, for all who have not passed them. */
  oweDropped(log: EntryLog, first: number, last: number): void {
    if (this.intervalMs > 0) oweDropped(log, this.position, this.accepts, first, last)
    const start = log.at(first).seq
    let whole: number | undefined
    for (const { mode, position } of this.behind) {
      if (mode !== Mode.LATEST) continue
      // Most stand before the whole of what is dropped, so that count is made once.
      if (position.seq < start && position.uncountedTo < start) {
        whole ??= countMatches(log, this.accepts, first, last)
        position.owed += whole
      } else oweDropped(log, position, this.accepts, first, last)
    }
  }

  /** Takes all that are caught up out of the shared lane; each stands where the channel stands. */
  scatter(): Subscriber[] {
    const scattered = this.caughtUp.slice()
    for (const subscriber of scattered) this.#fallBehind(subscriber)
    return scattered
  }

  #flushPending(log: EntryLog, head: number, batchBytesMax: number, counters: SourceCounters): void {
    const pending = this.pending
    if (pending.length === 0) return
    this.pending = []
    if (this.caughtUp.length === 0) return
    // Where nobody asked for every entry, what is superseded already need not be sent.
    const conflates = this.#allCount === 0
    let entries: Entry[] = []
    let bytes = 0
    let conflated = 0
    let passed = this.position.seq
    for (const entry of pending) {
      if (conflates && isSuperseded(entry)) conflated++
      else {
        const size = entry.end - entry.start
        if (bytes + size > batchBytesMax && entries.length > 0) {
          this.#share(log.epoch, entries, passed, conflated, counters)
          entries = []
          bytes = conflated = 0
        }
        entries.push(entry)
        bytes += size
      }
      passed = entry.seq
    }
    this.#share(log.epoch, entries, head, conflated, counters)
  }

  #flushInterval(log: EntryLog, head: number, batchBytesMax: number, counters: SourceCounters): readonly Subscriber[] {
    const reader = { mode: Mode.LATEST, accepts: this.accepts }
    while (this.position.seq < head && this.caughtUp.length > 0) {
      const step = advance(log, this.position, reader, head, batchBytesMax)
      // So much has happened since the last tick that memory does not have it.
      if (step.kind !== 'chunk') return this.scatter()
      this.#share(log.epoch, step.entries, step.to, step.conflated, counters, step.uncounted)
      this.position.owed = step.owed
    }
    return nobody
  }

  #share(
    epoch: number,
    entries: readonly Entry[],
    to: number,
    conflated: number,
    counters: SourceCounters,
    uncounted = false,
  ): void {
    const head: BatchHead = { channel: this.number, from: this.position.seq, to, conflated, uncounted }
    encodings.fill(undefined)
    // From the end, since one that falls behind is replaced by the last.
    for (let place = this.caughtUp.length - 1; place >= 0; place--) {
      const subscriber = this.caughtUp[place] as Subscriber
      const { receiver } = subscriber
      const { codec } = receiver
      let bytes = encodings[codec.index]
      if (bytes === undefined) {
        bytes = codec.batch(head, epoch, entries)
        encodings[codec.index] = bytes
      }
      if (receiver.accepts(bytes.length)) receiver.deliver(bytes)
      else this.#fallBehind(subscriber)
    }
    counters.batches++
    counters.deliveries += entries.length * this.caughtUp.length
    counters.conflated += conflated * this.caughtUp.length
    this.position.seq = to
  }

  /** It stands where the channel stood before the batch that it could not take. */
  #fallBehind(subscriber: Subscriber): void {
    const { seq, owed } = this.position
    this.#leaveCaughtUp(subscriber)
    Object.assign(subscriber.position, { seq, owed, uncountedTo: 0 })
    this.behind.add(subscriber)
  }

  #leaveCaughtUp(subscriber: Subscriber): void {
    const last = this.caughtUp.pop() as Subscriber
    if (last !== subscriber) {
      this.caughtUp[subscriber.place] = last
      last.place = subscriber.place
    }
    subscriber.place = -1
  }
}

/** What tells the channels of a source apart. */
export interface ChannelKind {
  /** In their canonical form. */
  readonly filters: readonly string[]
  readonly intervalMs: number
  /** 0, or more for one that reads the same a second time: a channel's number stands for one subscription of a connection. */
  readonly twin: number
}

export function channelKey({ filters, intervalMs, twin }: ChannelKind): string {
  return `${intervalMs} ${twin} ${filters.join(' ')}`
}

export interface EncodedChunk {
  readonly step: ReturnType<typeof advance>
  readonly bytes: Uint8Array
}

/** Scratch of `#share`: a batch by its codecs. */
const encodings: (Uint8Array | undefined)[] = new Array<Uint8Array | undefined>(codecCount)
const nobody: readonly Subscriber[] = []
const noEntries: readonly Entry[] = []
const noBytes = new Uint8Array(0)
