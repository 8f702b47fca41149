import { compileFilters, Mode } from '@weir/proto'
import { codecCount } from '../codec/codec.ts'
import { advance, countDropped, countMatches, positionAt } from './advance.ts'
import { type Entry, type EntryLog, isSuperseded } from './entry-log.ts'
import type { Route } from './router.ts'
import type { Source } from './source.ts'
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
  readonly source: Source
  readonly filters: readonly string[]
  readonly intervalMs: number
  readonly twin: number
  readonly accepts: (subject: string) => boolean
  /** Where all stand that are caught up: everything up to here was sent to them, counted or announced. */
  seq: number
  /** Where there is an interval, as Position.owed. */
  #owed = 0
  // There may be a channel for each connection, so what is mostly empty is not there.
  #caughtUp: Subscriber[] = []
  #behind: Set<Subscriber> | undefined
  #waiting: Set<Subscriber> | undefined
  visit = 0
  /** Entries that match and came since the last pass; there are none where there is an interval. */
  pending: Entry[] | undefined
  /** Something that matches came since the last flush. */
  dirty = false
  /** When it was last flushed, milliseconds of the hub's clock; where there is an interval. */
  flushedAt: number | undefined
  /** Ends the timer of its next flush, while one runs. */
  cancelTimer: (() => void) | undefined
  #allCount = 0

  constructor(source: Source, number: number, kind: ChannelKind, head: number) {
    this.source = source
    this.number = number
    // As long as it is and no longer, other than what grew.
    this.filters = kind.filters.slice()
    this.intervalMs = kind.intervalMs
    this.twin = kind.twin
    this.accepts = compileFilters(kind.filters)
    this.seq = head
  }

  /** Whether it is the channel, or one of the twins, of a canonical filter set and an interval. */
  reads(filters: readonly string[], intervalMs: number): boolean {
    return channelKey(this) === channelKey({ filters, intervalMs, twin: this.twin })
  }

  get size(): number {
    return this.#caughtUp.length + this.behind.size
  }

  get caughtUp(): readonly Subscriber[] {
    return this.#caughtUp
  }

  get behind(): ReadonlySet<Subscriber> {
    return this.#behind ?? nobody
  }

  /** Those of `behind` that are past the channel's position: they resumed from a hub that was further, or between two ticks. */
  get waiting(): ReadonlySet<Subscriber> {
    return this.#waiting ?? nobody
  }

  add(subscriber: Subscriber): void {
    if (subscriber.mode === Mode.ALL) this.#allCount++
    this.#behind ??= new Set()
    this.#behind.add(subscriber)
  }

  remove(subscriber: Subscriber): void {
    if (subscriber.mode === Mode.ALL) this.#allCount--
    if (subscriber.isBehind) this.#leaveBehind(subscriber)
    else this.#leaveCaughtUp(subscriber)
  }

  /** A subscriber that stands where the channel stands goes on with the others. */
  join(subscriber: Subscriber): void {
    this.#leaveBehind(subscriber)
    subscriber.catchUp(this.#caughtUp.length)
    // The first alone takes no room for more.
    if (subscriber.place === 0) this.#caughtUp = [subscriber]
    else this.#caughtUp.push(subscriber)
  }

  /** One that is past the channel's position stays where it is until `endWait`. */
  await(subscriber: Subscriber): void {
    this.#waiting ??= new Set()
    this.#waiting.add(subscriber)
  }

  endWait(subscriber: Subscriber): void {
    this.#waiting?.delete(subscriber)
    if (this.#waiting?.size === 0) this.#waiting = undefined
  }

  /**
   * Sends what came since the last flush to all that are caught up, and moves the channel to `head`. Gives those that could not
   * take it, who are to be served each by itself; good until the next flush.
   */
  flush(log: EntryLog, head: number, batchBytesMax: number, counters: SourceCounters): readonly Subscriber[] {
    this.dirty = false
    apart.length = 0
    if (this.intervalMs > 0) this.#flushInterval(log, head, batchBytesMax, counters)
    else this.#flushPending(log, head, batchBytesMax, counters)
    this.moveTo(head)
    return apart
  }

  /** What lies before is not for those that are caught up, or was sent. */
  moveTo(seq: number): void {
    this.seq = seq
    this.#owed = 0
  }

  /** Moves the cursors of a quiet channel to the head, so that they do not grow old; gives what `flush` gives. */
  beat(log: EntryLog, head: number, counters: SourceCounters): readonly Subscriber[] {
    apart.length = 0
    if (this.seq < head) this.#share(log, noEntries, head, 0, counters)
    return apart
  }

  /** Counts the entries of indexes [first, last), which are about to leave the ring, for all who have not passed them. */
  oweDropped(log: EntryLog, first: number, last: number): void {
    if (this.intervalMs > 0) this.#owed += countDropped(log, this.seq, this.accepts, first, last)
    const start = log.at(first).seq
    let whole: number | undefined
    for (const { mode, position } of this.behind) {
      if (mode !== Mode.LATEST) continue
      // Most stand before the whole of what is dropped, so that count is made once.
      if (position.seq < start && position.uncountedTo < start) {
        whole ??= countMatches(log, this.accepts, first, last)
        position.owed += whole
      } else {
        const after = Math.max(position.seq, position.uncountedTo)
        position.owed += countDropped(log, after, this.accepts, first, last)
      }
    }
  }

  /** Takes all that are caught up out of the shared lane; each stands where the channel stands. */
  scatter(): Subscriber[] {
    const scattered = this.#caughtUp.slice()
    for (const subscriber of scattered) this.#fallBehind(subscriber)
    return scattered
  }

  #flushPending(log: EntryLog, head: number, batchBytesMax: number, counters: SourceCounters): void {
    const pending = this.pending
    if (pending === undefined) return
    this.pending = undefined
    if (this.#caughtUp.length === 0) return
    // Where nobody asked for every entry, what is superseded already need not be sent.
    const conflates = this.#allCount === 0
    let entries: Entry[] = []
    let bytes = 0
    let conflated = 0
    let passed = this.seq
    for (const entry of pending) {
      if (conflates && isSuperseded(entry)) conflated++
      else {
        const size = entry.end - entry.start
        if (bytes + size > batchBytesMax && entries.length > 0) {
          this.#share(log, entries, passed, conflated, counters)
          entries = []
          bytes = conflated = 0
        }
        entries.push(entry)
        bytes += size
      }
      passed = entry.seq
    }
    this.#share(log, entries, head, conflated, counters)
  }

  #flushInterval(log: EntryLog, head: number, batchBytesMax: number, counters: SourceCounters): void {
    const reader = { mode: Mode.LATEST, accepts: this.accepts }
    while (this.seq < head && this.#caughtUp.length > 0) {
      const position = { ...positionAt(this.seq), owed: this.#owed }
      const step = advance(log, position, reader, head, batchBytesMax)
      // So much has happened since the last tick that memory does not have it.
      if (step.kind !== 'chunk') {
        for (const each of this.scatter()) apart.push(each)
        return
      }
      this.#share(log, step.entries, step.to, step.conflated, counters, step.uncounted)
      this.#owed = step.owed
    }
  }

  #share(
    log: EntryLog,
    entries: readonly Entry[],
    to: number,
    conflated: number,
    counters: SourceCounters,
    uncounted = false,
  ): void {
    const from = this.seq
    // Only in buckets do channels pass a gap: elsewhere each subscriber is told of it.
    const head = { channel: this.number, from, to, conflated, uncounted: uncounted || log.gaps.crosses(from, to) }
    encodings.fill(undefined)
    // From the end, since one that falls behind is replaced by the last.
    for (let place = this.#caughtUp.length - 1; place >= 0; place--) {
      const subscriber = this.#caughtUp[place] as Subscriber
      const { receiver } = subscriber
      const { codec } = receiver
      let bytes = encodings[codec.index]
      if (bytes === undefined) {
        bytes = codec.batch(head, log.epoch, entries)
        encodings[codec.index] = bytes
      }
      if (receiver.accepts(bytes.length, entries.length)) receiver.deliver(bytes)
      else {
        // It may have credit, and owe nothing, so that no acknowledgement comes: where the batch is larger than its window.
        this.#fallBehind(subscriber)
        apart.push(subscriber)
      }
    }
    counters.batches++
    counters.deliveries += entries.length * this.#caughtUp.length
    counters.conflated += conflated * this.#caughtUp.length
    this.seq = to
  }

  /** It stands where the channel stood before the batch that it could not take. */
  #fallBehind(subscriber: Subscriber): void {
    this.#leaveCaughtUp(subscriber)
    subscriber.fallBehind({ ...positionAt(this.seq), owed: this.#owed })
    this.#behind ??= new Set()
    this.#behind.add(subscriber)
  }

  #leaveBehind(subscriber: Subscriber): void {
    this.endWait(subscriber)
    this.#behind?.delete(subscriber)
    if (this.#behind?.size === 0) this.#behind = undefined
  }

  #leaveCaughtUp(subscriber: Subscriber): void {
    const last = this.#caughtUp.pop() as Subscriber
    if (last !== subscriber) {
      this.#caughtUp[subscriber.place] = last
      last.place = subscriber.place
    }
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
  return [intervalMs, twin, ...filters].join(' ')
}

/** Scratch of `#share`: a batch by its codecs. */
const encodings: (Uint8Array | undefined)[] = new Array<Uint8Array | undefined>(codecCount)
/** Scratch of `flush` and `beat`: those that are not with the caught up any more. */
const apart: Subscriber[] = []
const nobody: ReadonlySet<Subscriber> = new Set()
const noEntries: readonly Entry[] = []
