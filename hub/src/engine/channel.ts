import { compileFilters, Mode } from '@weir/proto'
import { advance } from './cursor/advance.ts'
import { Position } from './cursor/position.ts'
import { countMatches, type Reader, select } from './cursor/select.ts'
import { Batch } from './delivery/batch.ts'
import type { ChannelKind } from './delivery/channel-kind.ts'
import { send } from './delivery/send.ts'
import type { SourceCounters } from './delivery/source-counters.ts'
import type { Lane, Origin, Subscriber } from './delivery/subscriber.ts'
import type { Entry } from './log/entry.ts'
import type { EntryLog } from './log/entry-log.ts'
import type { Route } from './router.ts'

/**
 * The subscribers that share source, filters and interval. Those that are caught up share the
 * channel's position and get the same bytes. Each that is behind has a position of its own.
 */
export class Channel implements Lane, Route {
  readonly number: number
  readonly origin: Origin
  readonly filters: readonly string[]
  readonly intervalMs: number
  readonly gatherMs: number
  readonly copy: number
  /**
   * The test that `accepts` gives. It is made when somebody needs it, since the router finds the
   * channels of what is live.
   */
  #accepts: ((subject: string) => boolean) | undefined
  #seq: number
  /** Same as Position.owed, for the channel's position; used when it has an interval. */
  #owed = 0
  // There may be a channel for each connection, so collections that are mostly empty are created on
  // demand.
  #caughtUp: Subscriber[] = []
  #behind: Set<Subscriber> | undefined
  #ahead: Set<Subscriber> | undefined
  visit = 0
  /**
   * Entries that match and arrived since the last pass; unused when the channel has an interval.
   */
  pending: Entry[] | undefined
  dirty = false
  /**
   * When the channel was last flushed, in milliseconds of the hub's clock; used when it has a
   * `paceMs`.
   */
  flushedAt: number | undefined
  /** Cancels the timer of the next flush; undefined when none runs. */
  cancelTimer: (() => void) | undefined
  #allCount = 0

  constructor(number: number, origin: Origin, kind: ChannelKind, head: number) {
    this.number = number
    this.origin = origin
    // A copy has no spare capacity, as an array that grew has.
    this.filters = kind.filters.slice()
    this.intervalMs = kind.intervalMs
    this.gatherMs = kind.gatherMs
    this.copy = kind.copy
    this.#seq = head
  }

  /**
   * The position of all that are caught up: everything up to this sequence was sent to them,
   * counted or announced.
   */
  get seq(): number {
    return this.#seq
  }

  get source(): string {
    return this.origin.name
  }

  /** Whether a subject matches one of the filters. */
  get accepts(): (subject: string) => boolean {
    this.#accepts ??= compileFilters(this.filters)
    return this.#accepts
  }

  /** Milliseconds that must lie between two flushes; 0 flushes in each pass. */
  get paceMs(): number {
    return this.intervalMs > 0 ? this.intervalMs : this.gatherMs
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
    // An array that `push` has grown has room for many, and most channels have one subscriber.
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
   * Sends everything new since the last flush to all that are caught up, and moves the channel to
   * `head`. Returns the subscribers that could not take it, which have fallen behind.
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

  /**
   * Moves the channel to a sequence. What lies before was sent, or is not for those that are caught
   * up.
   */
  moveTo(seq: number): void {
    this.#seq = seq
    this.#owed = 0
  }

  /**
   * Moves the cursors of a quiet channel to the head, so they do not grow old. Returns what `flush`
   * returns.
   */
  beat(log: EntryLog, head: number, counters: SourceCounters): readonly Subscriber[] {
    return this.#seq < head ? this.#share(log, nothing, head, counters) : noSubscribers
  }

  /**
   * Counts the entries of indexes [first, last), which are about to leave the ring, for all readers
   * that have not passed them.
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
      // Most subscribers stand before all of the dropped entries, so they share one count.
      if (countedFrom < start) {
        whole ??= countMatches(entries, this.accepts, first, last)
        position.owe(whole)
      } else position.owe(countAfter(countedFrom))
    }
  }

  /**
   * Makes all that are caught up fall behind, each with a position where the channel stands.
   * Returns them.
   */
  detachAll(): readonly Subscriber[] {
    const detached = this.#caughtUp.slice()
    for (const subscriber of detached) this.#fallBehind(subscriber)
    return detached
  }

  #flushPending(log: EntryLog, head: number, batchBytesMax: number, counters: SourceCounters): readonly Subscriber[] {
    const pending = this.pending
    if (pending === undefined) return noSubscribers
    this.pending = undefined
    // An entry that a newer one supersedes need not be sent when nobody asked for every entry.
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
      // Memory no longer has everything since the last tick.
      if (step.kind !== 'chunk') return joined(fallen, this.detachAll())
      fallen = joined(fallen, this.#share(log, step, step.to, counters))
      this.#owed = step.owed
    }
    return fallen
  }

  /** Sends the same batch to all that are caught up. Returns those that refused it. */
  #share(log: EntryLog, shared: Shared, to: number, counters: SourceCounters): readonly Subscriber[] {
    const { entries, conflated } = shared
    const from = this.#seq
    // A channel crosses a gap only in buckets. Elsewhere each subscriber is told of the gap.
    const uncounted = shared.uncounted === true || log.gaps.crosses(from, to)
    const batch = new Batch(this, log.epoch, { channel: this.number, from, to, conflated, uncounted }, entries)
    const refused = send(batch, this.#caughtUp, counters)
    // A subscriber with credit that owes no acknowledgement may still refuse a batch that is larger
    // than its window.
    for (const subscriber of refused) this.#fallBehind(subscriber)
    this.#seq = to
    return refused
  }

  /**
   * Gives a subscriber a position of its own: where the channel stood before the batch that it
   * refused.
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
    if (this.#behind?.size !== 0) return
    this.#behind = undefined
    // One filter is soon compiled again.
    if (this.filters.length === 1 && this.intervalMs === 0) this.#accepts = undefined
  }

  #leaveCaughtUp(subscriber: Subscriber): void {
    const last = this.#caughtUp.pop() as Subscriber
    if (last !== subscriber) {
      this.#caughtUp[subscriber.place] = last
      last.place = subscriber.place
    }
  }
}

/** The entries and counts that one flush sends to all that are caught up. */
interface Shared {
  readonly entries: readonly Entry[]
  readonly conflated: number
  readonly uncounted?: boolean
}

/**
 * Concatenates two lists. Most flushes are one batch; then it copies nothing and returns the list
 * of `send`, which is valid until the next call of it.
 */
function joined(some: readonly Subscriber[], more: readonly Subscriber[]): readonly Subscriber[] {
  return more.length === 0 ? some : [...some, ...more]
}

/** Readers of pending entries, all of which match and none of which was counted before. */
const allOfPending: Reader = { mode: Mode.ALL, accepts: undefined, snapshotAt: 0, countedTo: 0 }
const newestOfPending: Reader = { ...allOfPending, mode: Mode.LATEST }
const nothing: Shared = { entries: [], conflated: 0 }
const noSubscribers: readonly Subscriber[] = []
const nobody: ReadonlySet<Subscriber> = new Set()
