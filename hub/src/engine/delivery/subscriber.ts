import { type Cursor, Mode, type Start } from '@weir/proto'
import { Position } from '../cursor/position.ts'
import type { EntryLog } from '../log/entry-log.ts'
import type { ChannelKind } from './channel-kind.ts'
import { type GapReason, gapFrame, subscribedFrame } from './frames.ts'
import type { Receiver } from './receiver.ts'
import type { SourceCounters } from './source-counters.ts'

/**
 * One subscription: a channel, which has the filter, and while it is behind a position, which is
 * all that it costs to be slow.
 */
export class Subscriber {
  readonly receiver: Receiver
  readonly id: number
  readonly mode: Mode
  readonly channel: Lane
  /** Undefined while it is with the caught up. */
  #position: Position | undefined
  /** Place among the caught up of its channel, or -1: it is behind. */
  place = -1
  /** What is under way for it: it waits for the next pass, or for a read of the stream. */
  activity: 'none' | 'queued' | 'reading' | 'closed' = 'none'
  /** How often the log had been compared with its stream when this was found to be past it. */
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

  /** All that are caught up stand where their channel does, which only that changes. */
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

  /** Goes where its cursor, or its mode without one, says. */
  begin(log: EntryLog, cursor: Cursor | undefined, counters: SourceCounters): void {
    const { seq: head } = this.channel
    if (cursor?.epoch === log.epoch) this.#tell(log, this.position.resume(cursor.seq, this.mode, log, head))
    else if (cursor !== undefined || this.mode === Mode.LATEST) this.beginAgain(log, counters)
    else this.#tell(log, this.position.follow(head))
  }

  /**
   * What it has had is void, since another incarnation of the stream has begun: it begins again, as
   * its mode asks.
   */
  beginAgain(log: EntryLog, counters: SourceCounters): void {
    if (this.mode === Mode.LATEST) {
      this.beginSnapshot(log)
      return
    }
    this.#tell(log, this.position.restart(log))
    this.passGap(0, 'epoch', counters)
  }

  /** From here on it gets the whole latest state, and replaces by it what it holds. */
  beginSnapshot(log: EntryLog): void {
    this.#tell(log, this.position.snapshot(log, this.channel.seq))
  }

  /** Moves past what it will not get. */
  passGap(to: number, reason: GapReason, counters: SourceCounters): void {
    counters.gaps++
    this.receiver.notify(gapFrame(this.id, this.seq, to, reason))
    this.position.pass(to)
  }

  #tell({ epoch }: EntryLog, start: Start): void {
    this.receiver.notify(subscribedFrame(this.id, this.channel.number, { epoch, seq: this.seq }, start))
  }
}

/** A channel as its subscribers know it. */
export interface Lane extends ChannelKind {
  /** That no other channel of the hub has. */
  readonly number: number
  readonly accepts: (subject: string) => boolean
  /** Where all stand that are caught up. */
  readonly seq: number
  /** Something that matches came since the last flush. */
  readonly dirty: boolean
  /**
   * Its subscribers that are past its position: they resumed with the cursor of a hub that was
   * further, or between two ticks.
   */
  readonly ahead: ReadonlySet<Subscriber>
  /** A subscriber that stands where the channel stands goes on with the others. */
  join(subscriber: Subscriber): void
  /** One that is past the channel's position stays where it is until `endWait`. */
  wait(subscriber: Subscriber): void
  endWait(subscriber: Subscriber): void
}
