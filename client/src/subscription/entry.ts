import { fromBinary } from '@bufbuild/protobuf'
import { type Event, EventSchema, formatCursor, WeirError } from '@weir/proto'

/** An event as a subscription gives it. A class for the sake of its getters, which most consumers need not all pay for. */
export class Entry {
  readonly type = 'entry'
  readonly subject: string
  readonly seq: number
  /** The encoded weir.v1.Event: a view into the message that it came in. */
  readonly bytes: Uint8Array
  readonly #epoch: number
  #event: Event | undefined

  constructor(subject: string, seq: number, epoch: number, bytes: Uint8Array) {
    this.subject = subject
    this.seq = seq
    this.bytes = bytes
    this.#epoch = epoch
  }

  /** The event, decoded when it is first asked for. Throws `malformed` for bytes that are no event, whoever stored them. */
  get event(): Event {
    this.#event ??= this.#decode()
    return this.#event
  }

  /** Where to resume right after this entry. */
  get cursor(): string {
    return formatCursor({ epoch: this.#epoch, seq: this.seq })
  }

  /** The same entry with bytes of its own, for those who keep it: it no longer holds the whole message in memory. */
  detached(): Entry {
    return new Entry(this.subject, this.seq, this.#epoch, this.bytes.slice())
  }

  #decode(): Event {
    try {
      return fromBinary(EventSchema, this.bytes)
    } catch (cause) {
      throw new WeirError('malformed', `What is stored under ${this.subject} at ${this.seq} is no event.`, { cause })
    }
  }
}
