import type { Mode } from '@weir/proto'
import { type Position, positionAt } from './advance.ts'
import type { Channel } from './channel.ts'
import type { Receiver } from './receiver.ts'

/** One subscription: a channel, which has the filter, and while it is behind a position, which is all that it costs to be slow. */
export class Subscriber {
  readonly receiver: Receiver
  readonly id: number
  readonly mode: Mode
  readonly channel: Channel
  /** Undefined while it is with the caught up. */
  #position: Position | undefined
  /** Place among the caught up of its channel, or -1: it is behind. */
  place = -1
  /** What is under way for it: it waits for the next pass, or for a read of the stream. */
  activity: 'none' | 'queued' | 'reading' | 'closed' = 'none'
  /** How often the log had been compared with its stream when this was found to be past it. */
  aheadSince: number | undefined

  constructor(receiver: Receiver, id: number, mode: Mode, channel: Channel, position: Position) {
    this.receiver = receiver
    this.id = id
    this.mode = mode
    this.channel = channel
    this.#position = position
  }

  get isBehind(): boolean {
    return this.place < 0
  }

  /** Where it stands; all that are caught up stand where their channel does, which only that changes. */
  get position(): Position {
    return this.#position ?? positionAt(this.channel.seq)
  }

  catchUp(place: number): void {
    this.#position = undefined
    this.place = place
  }

  fallBehind(position: Position): void {
    this.#position = position
    this.place = -1
  }
}
