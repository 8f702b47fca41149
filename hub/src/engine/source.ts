import { type Cursor, canonicalFilters, Mode, Removal, Start, WeirError } from '@weir/proto'
import { limits } from '../limits.ts'
import { Behind } from './behind.ts'
import { Channel } from './channel.ts'
import { advance, type Chunk, type Reads } from './cursor/advance.ts'
import { Position } from './cursor/position.ts'
import type { StreamReader } from './cursor/stream-reader.ts'
import { type ChannelKind, channelKey } from './delivery/channel-kind.ts'
import type { Lag } from './delivery/lag.ts'
import type { Receiver } from './delivery/receiver.ts'
import type { SourceCounters } from './delivery/source-counters.ts'
import { type Origin, Subscriber } from './delivery/subscriber.ts'
import { ArrivalTimes } from './log/arrival-times.ts'
import type { Entry } from './log/entry.ts'
import { EntryLog } from './log/entry-log.ts'
import { Router } from './router.ts'
import type { SourceOptions, SubscribeRequest } from './source-options.ts'

/**
 * One source of one tenant: its log, its channels, and the pass that advances every subscriber. It
 * knows neither NATS nor sockets, so its invariants are tested in a simulated world.
 */
export class Source implements Origin {
  readonly #options: SourceOptions
  readonly #log: EntryLog
  readonly #router: Router<Channel> = new Router()
  readonly #channels: Map<string, Channel> = new Map()
  /** Channels with new entries since the last pass. */
  #dirty: Channel[] = []
  #loading = true
  #loadedEpoch = 0
  /** Whether the table being loaded is of the same incarnation once more, to find what is gone. */
  #isReload = false
  /**
   * Subscribers that came while another incarnation was being loaded, with their cursors. They
   * begin after it.
   */
  readonly #arrivals: Map<Subscriber, Cursor | undefined> = new Map()
  readonly #behind: Behind
  readonly #arrivalTimes: ArrivalTimes = new ArrivalTimes()
  readonly counters: SourceCounters = { batches: 0, deliveries: 0, conflated: 0, gaps: 0, inbound: 0, streamReads: 0 }

  constructor(options: SourceOptions) {
    this.#options = options
    this.#log = new EntryLog(options.bounds, (first, last) => this.#beforeDrop(first, last))
    this.#behind = new Behind(options, this.#log, this.counters)
  }

  /** The name that users know: "events" or a bucket. */
  get name(): string {
    return this.#options.name
  }

  get log(): EntryLog {
    return this.#log
  }

  /** Reads what is older than memory. */
  get reader(): StreamReader {
    return this.#options.reader
  }

  get channelCount(): number {
    return this.#channels.size
  }

  get subscriberCount(): number {
    let count = 0
    for (const channel of this.#channels.values()) count += channel.size
    return count
  }

  get behindCount(): number {
    let count = 0
    for (const channel of this.#channels.values()) count += channel.behind.size
    return count
  }

  // The methods of TailSink, which the tail calls.

  begin(epoch: number): void {
    this.#loading = true
    this.#isReload = epoch === this.#loadedEpoch
    this.#log.begin(epoch)
    this.#arrivalTimes.clear()
    for (const channel of this.#channels.values()) channel.pending = undefined
  }

  /** Returns whether an open channel takes it; none does while the source is loaded. */
  entry(subject: string, seq: number, payload: Uint8Array, removal: Removal): boolean {
    this.counters.inbound++
    // Only a tombstone needs the time of its arrival.
    const now = removal === Removal.UNSPECIFIED ? 0 : this.#options.now()
    const entry = this.#log.append(subject, seq, payload, removal, now)
    if (this.#loading) return false
    const channels = this.#router.match(entry.state)
    for (const channel of channels) {
      if (channel.intervalMs === 0) {
        if (channel.pending === undefined) channel.pending = [entry]
        else channel.pending.push(entry)
      }
      if (!channel.dirty) this.#touch(channel)
    }
    return channels.length > 0
  }

  loaded(head: number, first: number): void {
    this.#log.loaded(head, first, this.#options.hasRemovals)
    this.#loading = false
    this.#loadedEpoch = this.#log.epoch
    for (const channel of this.#channels.values()) this.#restart(channel)
    this.#arrivals.clear()
  }

  gap(from: number, to: number): void {
    if (this.#log.keepsNewest) {
      // An entry that a bucket no longer has was superseded. Batches over it say that they are
      // uncounted.
      this.#log.gap(from, to)
      return
    }
    this.#flushDirty(true)
    this.#log.gap(from, to)
    for (const channel of this.#channels.values()) {
      const detached = channel.detachAll()
      channel.moveTo(to)
      for (const subscriber of detached) this.#behind.settle(subscriber)
    }
  }

  /**
   * Adds a subscription and sends Subscribed, which says how it begins. Entries follow with the
   * next passes. Throws `malformed` or `invalid`.
   */
  subscribe(receiver: Receiver, request: SubscribeRequest): Subscriber {
    const { id, mode, intervalMs, cursor } = request
    if (intervalMs > 0 && mode !== Mode.LATEST) {
      throw new WeirError('invalid', 'An interval needs mode LATEST: mode ALL sends every entry.')
    }
    const channel = this.#channelOf({ ...request, filters: canonicalFilters(request.filters) })
    const subscriber = new Subscriber(receiver, id, mode, channel)
    channel.add(subscriber)
    if (this.#loading) this.#arrivals.set(subscriber, cursor)
    else {
      subscriber.begin(this.#log, cursor, this.counters)
      this.#behind.settle(subscriber)
    }
    return subscriber
  }

  /**
   * What a subscription that goes on from a cursor is sent first, up to `bytesMax`; undefined where
   * that is not all in memory, or nothing. A subscription that begins at the end of it misses
   * nothing.
   */
  firstAfter({ epoch, seq }: Cursor, reads: Reads, bytesMax: number): Chunk | undefined {
    const { head } = this.#log
    if (this.#loading || epoch !== this.#log.epoch || seq >= head) return undefined
    const position = new Position(seq)
    if (position.resume(seq, reads.mode, this.#log, head) !== Start.MEMORY) return undefined
    const step = advance(this.#log, position, reads, head, bytesMax)
    return step.kind === 'chunk' ? step : undefined
  }

  unsubscribe(subscriber: Subscriber): void {
    const key = channelKey(subscriber.channel)
    const channel = this.#channels.get(key) as Channel
    subscriber.activity = 'closed'
    this.#arrivals.delete(subscriber)
    channel.remove(subscriber)
    if (channel.size > 0) return
    this.#channels.delete(key)
    this.#router.remove(channel)
    channel.cancelTimer?.()
    channel.pending = undefined
  }

  /** Lets a subscriber go on whose receiver has got credit. */
  credit(subscriber: Subscriber): void {
    this.#behind.credit(subscriber)
  }

  /**
   * Runs one pass: new entries go to all that are caught up, then those that are behind go on, as
   * far as the time of one pass allows.
   */
  pass(): void {
    if (this.#loading) return
    const start = this.#options.now()
    this.#flushDirty(false)
    const flushed = this.#options.now()
    // Those that are behind get a share of the time that live delivery took. With a fixed time, the
    // passes of many sockets would starve them in a storm of resumes.
    this.#behind.advance(flushed + Math.max(limits.advanceMs, (flushed - start) / 4))
  }

  /** Runs on each heartbeat: it moves quiet channels to the head, so that no cursor grows old. */
  beat(): void {
    if (this.#loading) return
    this.#log.forgetRemovals(this.#options.now())
    const { head } = this.#log
    for (const channel of this.#channels.values()) {
      if (channel.dirty) continue
      for (const subscriber of channel.beat(this.#log, head, this.counters)) this.#behind.settle(subscriber)
      this.#behind.settleAhead(channel)
      this.#behind.doubtAhead(channel)
    }
  }

  /** Returns how far a subscriber is behind. */
  lagOf({ isBehind, seq, channel }: Subscriber): Lag {
    return isBehind || channel.dirty ? this.#lagAt(seq) : noLag
  }

  /** The lag of the subscriber that is furthest behind. */
  get lag(): Lag {
    let seq = this.#log.head
    for (const channel of this.#channels.values()) {
      if (channel.dirty && channel.caughtUp.length > 0) seq = Math.min(seq, channel.seq)
      for (const each of channel.behind) seq = Math.min(seq, each.seq)
    }
    return this.#lagAt(seq)
  }

  #lagAt(seq: number): Lag {
    const entries = this.#log.head - seq
    return entries <= 0 ? noLag : { entries, ms: this.#arrivalTimes.ageOf(seq, this.#options.now()) }
  }

  close(): void {
    for (const channel of this.#channels.values()) channel.cancelTimer?.()
    this.#log.close()
  }

  #channelOf(kind: ChannelKind): Channel {
    const key = channelKey(kind)
    let channel = this.#channels.get(key)
    if (channel === undefined) {
      channel = new Channel(this.#options.nextChannel(), this, kind, this.#log.head)
      this.#channels.set(key, channel)
      this.#router.add(channel)
    }
    return channel
  }

  /**
   * Restarts the subscribers of a channel. After a change of epoch every subscriber begins again,
   * as its mode says. After a reload only those do that hold the latest state or were set back.
   */
  #restart(channel: Channel): void {
    const { head } = this.#log
    channel.detachAll()
    channel.moveTo(head)
    channel.dirty = false
    for (const subscriber of [...channel.behind]) {
      channel.endWait(subscriber)
      const goesOn = this.#isReload && subscriber.mode === Mode.ALL && subscriber.seq <= head
      if (this.#arrivals.has(subscriber)) {
        subscriber.begin(this.#log, this.#arrivals.get(subscriber), this.counters)
      } else if (!goesOn) subscriber.beginAgain(this.#log, this.counters)
      this.#behind.settle(subscriber)
    }
  }

  #touch(channel: Channel): void {
    channel.dirty = true
    const now = this.#options.now()
    this.#arrivalTimes.note(this.#log.head, now)
    const wait = channel.flushedAt === undefined ? 0 : channel.flushedAt + channel.paceMs - now
    if (wait <= 0) {
      this.#dirty.push(channel)
      this.#options.requestPass()
    } else {
      channel.cancelTimer ??= this.#options.later(wait, () => {
        channel.cancelTimer = undefined
        this.#dirty.push(channel)
        this.#options.requestPass()
      })
    }
  }

  #flushDirty(andTimed: boolean): void {
    const dirty = this.#dirty
    this.#dirty = []
    const { head } = this.#log
    for (const channel of dirty) if (channel.dirty) this.#flush(channel, head)
    if (!andTimed) return
    for (const channel of this.#channels.values()) if (channel.dirty) this.#flush(channel, head)
  }

  #flush(channel: Channel, head: number): void {
    for (const subscriber of channel.flush(this.#log, head, this.#options.batchBytesMax, this.counters)) {
      this.#behind.settle(subscriber)
    }
    if (channel.paceMs > 0) channel.flushedAt = this.#options.now()
    this.#behind.settleAhead(channel)
  }

  /**
   * Runs before entries leave the ring: pending entries are sent, and readers that have not passed
   * the entries count them.
   */
  #beforeDrop(first: number, last: number): void {
    if (this.#loading || last === first) return
    const { seq } = this.#log.entries[last - 1] as Entry
    for (const channel of this.#channels.values()) {
      if (channel.pending !== undefined && channel.seq < seq) this.#flush(channel, this.#log.head)
      channel.oweDropped(this.#log, first, last)
    }
  }
}

const noLag: Lag = { entries: 0, ms: 0 }
