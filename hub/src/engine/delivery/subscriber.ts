import { type Cursor, Mode, type Start } from '@weir/proto'
import { Position } from '../cursor/position.ts'
import type { EntryLog } from '../log/entry-log.ts'
import type { ChannelKind, Reads } from './channel-kind.ts'
import { type GapReason, gapFrame, subscribedFrame } from './frames.ts'
import type { Lag } from './lag.ts'
import type { Receiver } from './receiver.ts'
import type { SourceCounters } from './source-counters.ts'

/**
 * One subscription. It has a channel, which has the filter. While it is behind it also has a
 * position; being slow costs nothing else.
 */
export class Subscriber {
  readonly receiver: Receiver
  readonly id: number
  readonly mode: Mode
  readonly channel: Lane
  /** The position while it is behind; undefined while it is caught up. */
  #position: Position | undefined
  /** Index among the caught up of its channel; -1 while it is behind. */
  place = -1
  /** What the subscription waits for: the next pass, or a read of the stream. */
  activity: 'none' | 'queued' | 'reading' | 'closed' = 'none'
  /**
   * Number of comparisons of the log with its stream when this subscription was found to be ahead
   * of the log.
   */
  aheadSince = 0

  constructor(receiver: Receiver, id: number, mode: Mode, channel: Lane) {
    this.receiver = receiver
    this.id = id
    this.mode = mode
    this.channel = channel
    this.#position = new Position(channel.seq)
  }

  get isBehind(): boolean {
    return this.place < 0
  }

  /**
   * A subscription that is caught up has the position of its channel, which only the channel
   * changes.
   */
  get position(): Position {
    return this.#position ?? new Position(this.channel.seq)
  }

  get seq(): number {
    return this.#position?.seq ?? this.channel.seq
  }

  catchUp(place: number): void {
    this.#position = undefined
    this.place = place
  }

  fallBehind(position: Position): void {
    this.#position = position
    this.place = -1
  }

  /** Begins at the cursor, or without one as the mode says. */
  begin(log: EntryLog, cursor: Cursor | undefined, counters: SourceCounters): void {
    const { seq: head } = this.channel
    if (cursor?.epoch === log.epoch) tell(this, log, this.position.resume(cursor.seq, this.mode, log, head))
    else if (cursor !== undefined || this.mode === Mode.LATEST) this.beginAgain(log, counters)
    else tell(this, log, this.position.follow(head))
  }

  /**
   * Begins again as the mode says, because another incarnation of the stream has begun and all that
   * was sent is void.
   */
  beginAgain(log: EntryLog, counters: SourceCounters): void {
    if (this.mode === Mode.LATEST) {
      this.beginSnapshot(log)
      return
    }
    tell(this, log, this.position.restart(log))
    this.passGap(0, 'epoch', counters)
  }

  /** Begins to send the whole latest state, which replaces what the client holds. */
  beginSnapshot(log: EntryLog): void {
    tell(this, log, this.position.snapshot(log, this.channel.seq))
  }

  /** Announces a gap and moves past it. */
  passGap(to: number, reason: GapReason, counters: SourceCounters): void {
    counters.gaps++
    this.receiver.notify(gapFrame(this.id, this.seq, to, reason))
    this.position.pass(to)
  }
}

/** Says how a subscription begins. A private method would need a place in each subscriber. */
function tell({ receiver, id, channel, seq }: Subscriber, { epoch }: EntryLog, start: Start): void {
  receiver.notify(subscribedFrame(id, channel.number, { epoch, seq }, start))
}

/** The side of a source that the holder of a subscription sees. */
export interface Origin {
  /** "events" or a bucket. */
  readonly name: string
  /** Lets a subscriber go on whose receiver has got credit. */
  credit(subscriber: Subscriber): void
  lagOf(subscriber: Subscriber): Lag
  unsubscribe(subscriber: Subscriber): void
}

/** The side of a channel that its subscribers see. */
export interface Lane extends ChannelKind, Reads {
  readonly origin: Origin
  /** A number that no other channel of the hub has. */
  readonly number: number
  readonly accepts: (subject: string) => boolean
  /** The position of all that are caught up. */
  readonly seq: number
  /** Whether a matching entry arrived since the last flush. */
  readonly dirty: boolean
  /**
   * Subscribers that are past the channel's position. They resumed with the cursor of a hub that
   * was further, or between two ticks of an interval.
   */
  readonly ahead: ReadonlySet<Subscriber>
  /** Takes a subscriber that has reached the channel's position among the caught up. */
  join(subscriber: Subscriber): void
  /** Keeps a subscriber that is past the channel's position waiting, until `endWait`. */
  wait(subscriber: Subscriber): void
  endWait(subscriber: Subscriber): void
}
