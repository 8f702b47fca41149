import { compileFilters, Mode } from '@weir/proto'
import { advance } from './cursor/advance.ts'
import { Position } from './cursor/position.ts'
import { countMatches, type Reader, select } from './cursor/select.ts'
import { Batch } from './delivery/batch.ts'
import type { ChannelKind } from './delivery/channel-kind.ts'
import { send } from './delivery/send.ts'
import type { SourceCounters } from './delivery/source-counters.ts'
import type { Lane, Subscriber } from './delivery/subscriber.ts'
import type { Entry } from './log/entry.ts'
import type { EntryLog } from './log/entry-log.ts'
import type { Route } from './router.ts'

/**
 * The subscribers that share source, filters and interval. Those that are caught up stand at the
 * channel's own position and get the same bytes; those that are behind stand at positions of their
 * own.
 */
export class Channel implements Lane, Route {
  readonly number: number
  readonly filters: readonly string[]
  readonly intervalMs: number
  readonly copy: number
  readonly accepts: (subject: string) => boolean
  #seq: number
  /** Where there is an interval, as Position.owed. */
  #owed = 0
  // There may be a channel for each connection, so what is mostly empty is not there.
  #caughtUp: Subscriber[] = []
  #behind: Set<Subscriber> | undefined
  #ahead: Set<Subscriber> | undefined
  visit = 0
  /** Entries that match and came since the last pass; there are none where there is an interval. */
  pending: Entry[] | undefined
  dirty = false
  /** When it was last flushed, milliseconds of the hub's clock; where there is an interval. */
  flushedAt: number | undefined
  /** Ends the timer of its next flush, while one runs. */
  cancelTimer: (() => void) | undefined
  #allCount = 0

  constructor(number: number, kind: ChannelKind, head: number) {
    this.number = number
    // An array that grew has spare room; a copy has none.
    this.filters = kind.filters.slice()
    this.intervalMs = kind.intervalMs
    this.copy = kind.copy
    this.accepts = compileFilters(kind.filters)
    this.#seq = head
  }

  /**
   * Where all stand that are caught up: everything up to here was sent to them, counted or
   * announced.
   */
  get seq(): number {
    return this.#seq
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

  get ahead(): ReadonlySet<Subscriber> {
    return this.#ahead ?? nobody
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

  join(subscriber: Subscriber): void {
    this.#leaveBehind(subscriber)
    subscriber.catchUp(this.#caughtUp.length)
    // An array that is pushed to has room for many; most channels have one subscriber.
    if (subscriber.place === 0) this.#caughtUp = [subscriber]
    else this.#caughtUp.push(subscriber)
  }

  wait(subscriber: Subscriber): void {
    this.#ahead ??= new Set()
    this.#ahead.add(subscriber)
  }

  endWait(subscriber: Subscriber): void {
    this.#ahead?.delete(subscriber)
    if (this.#ahead?.size === 0) this.#ahead = undefined
  }

  /**
   * Sends what came since the last flush to all that are caught up, and moves the channel to
   * `head`. Gives those that could not take it, who are to be served each by itself.
   */
  flush(log: EntryLog, head: number, batchBytesMax: number, counters: SourceCounters): readonly Subscriber[] {
    this.dirty = false
    const fallen =
      this.intervalMs > 0
        ? this.#flushInterval(log, head, batchBytesMax, counters)
        : this.#flushPending(log, head, batchBytesMax, counters)
    this.moveTo(head)
    return fallen
  }

  /** What lies before is not for those that are caught up, or was sent. */
  moveTo(seq: number): void {
    this.#seq = seq
    this.#owed = 0
  }

  /**
   * Moves the cursors of a quiet channel to the head, so that they do not grow old; gives what
   * `flush` gives.
   */
  beat(log: EntryLog, head: number, counters: SourceCounters): readonly Subscriber[] {
    return this.#seq < head ? this.#share(log, nothing, head, counters) : noSubscribers
  }

  /**
   * Counts the entries of indexes [first, last), which are about to leave the ring, for all who
   * have not passed them.
   */
  oweDropped(log: EntryLog, first: number, last: number): void {
    const { entries } = log
    const countAfter = (seq: number): number =>
      countMatches(entries, this.accepts, Math.max(first, log.indexAfter(seq)), last)
    if (this.intervalMs > 0) this.#owed += countAfter(this.#seq)
    const start = (entries[first] as Entry).seq
    let whole: number | undefined
    for (const { mode, position } of this.behind) {
      if (mode !== Mode.LATEST) continue
      const { countedFrom } = position
      // Most stand before the whole of what is dropped, so that count is made once.
      if (countedFrom < start) {
        whole ??= countMatches(entries, this.accepts, first, last)
        position.owe(whole)
      } else position.owe(countAfter(countedFrom))
    }
  }

  /** Makes all that are caught up fall behind, each with a position where the channel stands. */
  detachAll(): readonly Subscriber[] {
    const detached = this.#caughtUp.slice()
    for (const subscriber of detached) this.#fallBehind(subscriber)
    return detached
  }

  #flushPending(log: EntryLog, head: number, batchBytesMax: number, counters: SourceCounters): readonly Subscriber[] {
    const pending = this.pending
    if (pending === undefined) return noSubscribers
    this.pending = undefined
    // Where nobody asked for every entry, what is superseded already need not be sent.
    const reader = this.#allCount === 0 ? newestOfPending : allOfPending
    let fallen = noSubscribers
    for (let next = 0; next < pending.length && this.#caughtUp.length > 0; ) {
      const selection = select(pending, next, head, reader, batchBytesMax)
      next = selection.next
      const to = next === pending.length ? head : selection.to
      fallen = joined(fallen, this.#share(log, selection, to, counters))
    }
    return fallen
  }

  #flushInterval(log: EntryLog, head: number, batchBytesMax: number, counters: SourceCounters): readonly Subscriber[] {
    const reads = { mode: Mode.LATEST, accepts: this.accepts }
    let fallen = noSubscribers
    while (this.#seq < head && this.#caughtUp.length > 0) {
      const step = advance(log, new Position(this.#seq, this.#owed), reads, head, batchBytesMax)
      // So much has happened since the last tick that memory does not have it.
      if (step.kind !== 'chunk') return joined(fallen, this.detachAll())
      fallen = joined(fallen, this.#share(log, step, step.to, counters))
      this.#owed = step.owed
    }
    return fallen
  }

  /** Sends the same to all that are caught up. */
  #share(log: EntryLog, shared: Shared, to: number, counters: SourceCounters): readonly Subscriber[] {
    const { entries, conflated } = shared
    const from = this.#seq
    // Only in buckets do channels pass a gap: elsewhere each subscriber is told of it.
    const uncounted = shared.uncounted === true || log.gaps.crosses(from, to)
    const batch = new Batch(log.epoch, { channel: this.number, from, to, conflated, uncounted }, entries)
    const refused = send(batch, this.#caughtUp, counters)
    // Who has credit, and owes nothing, so that no acknowledgement comes, may refuse a batch that
    // is larger than its window.
    for (const subscriber of refused) this.#fallBehind(subscriber)
    this.#seq = to
    return refused
  }

  /**
   * Gives it a position of its own: where the channel stood before the batch that it did not take.
   */
  #fallBehind(subscriber: Subscriber): void {
    this.#leaveCaughtUp(subscriber)
    subscriber.fallBehind(new Position(this.#seq, this.#owed))
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

/** What one flush sends to all that are caught up. */
interface Shared {
  readonly entries: readonly Entry[]
  readonly conflated: number
  readonly uncounted?: boolean
}

/**
 * A flush is one batch mostly. Copies nothing then: what `send` gives is good until the next one.
 */
function joined(some: readonly Subscriber[], more: readonly Subscriber[]): readonly Subscriber[] {
  return more.length === 0 ? some : [...some, ...more]
}

/** Readers of the pending entries, which all match and were not counted before. */
const allOfPending: Reader = { mode: Mode.ALL, accepts: undefined, snapshotAt: 0, countedTo: 0 }
const newestOfPending: Reader = { ...allOfPending, mode: Mode.LATEST }
const nothing: Shared = { entries: [], conflated: 0 }
const noSubscribers: readonly Subscriber[] = []
const nobody: ReadonlySet<Subscriber> = new Set()
