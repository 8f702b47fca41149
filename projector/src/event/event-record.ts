import type { ValueStamp } from '@weir/mesh'
import { decodeEvent, type Event, isTimestamp, WeirError } from '@weir/proto'
import { limits } from '../limits.ts'

/** One event as it is read from its stream. */
export class EventRecord implements ValueStamp {
  readonly subject: string
  readonly epoch: number
  readonly seq: number
  /** When the stream took it: the same at every reading, and rising with `seq`. */
  readonly storedAtMs: number
  /** The encoded weir.v1.Event: a view, to be copied when it is kept. */
  readonly payload: Uint8Array
  /** In a bucket: the key was removed or has expired, and there is no event. */
  readonly removed: boolean
  #event: Event | undefined
  #json: unknown
  /** When it happened as it says itself; NaN until that is asked. */
  #claimed = Number.NaN

  constructor(subject: string, epoch: number, seq: number, storedAtMs: number, payload: Uint8Array, removed = false) {
    this.subject = subject
    this.epoch = epoch
    this.seq = seq
    this.storedAtMs = storedAtMs
    this.payload = payload
    this.removed = removed
  }

  /** One that can be kept, as it holds no view of what was received. */
  copy(): EventRecord {
    return new EventRecord(this.subject, this.epoch, this.seq, this.storedAtMs, this.payload.slice(), this.removed)
  }

  /** Decoded at the first use. Throws `malformed` when the bytes are not an Event. */
  get event(): Event {
    if (this.#event === undefined) {
      try {
        this.#event = decodeEvent(this.payload)
      } catch (cause) {
        throw new WeirError('malformed', 'The bytes are not a weir.v1.Event.', { cause })
      }
    }
    return this.#event
  }

  /**
   * The value of its JSON data, parsed at the first use; undefined when it has none or what is no
   * JSON.
   */
  get json(): unknown {
    if (this.#json === undefined && this.event.data.case === 'json') this.#json = parsedJson(this.event.data.value)
    return this.#json
  }

  /**
   * When it happened, by the producer's clock, or when it was stored if the producer did not say. A
   * clock that is ahead by more than `skewMaxMs` is not believed: such a time would win over every
   * honest one that follows.
   */
  get timeMs(): number {
    const timeMs = this.#claimedMs()
    return timeMs > this.storedAtMs + limits.skewMaxMs ? this.storedAtMs : timeMs
  }

  /**
   * When it happened for who compares events of several producers: by the producer's clock, and
   * never after it was stored. Otherwise a clock that is ahead would win over honest ones for as
   * long as it is ahead.
   */
  get happenedAtMs(): number {
    return Math.min(this.#claimedMs(), this.storedAtMs)
  }

  /** How far its time lies ahead of the stream's clock; 0 when it does not. */
  get aheadMs(): number {
    return Math.max(0, this.#claimedMs() - this.storedAtMs)
  }

  #claimedMs(): number {
    if (Number.isNaN(this.#claimed)) {
      const { time } = this.event
      this.#claimed = time === undefined || !isTimestamp(time) ? this.storedAtMs : millisecondsOf(time)
    }
    return this.#claimed
  }
}

function millisecondsOf({ seconds, nanos }: NonNullable<Event['time']>): number {
  return Number(seconds) * 1000 + Math.floor(nanos / 1_000_000)
}

/** Undefined for what is no JSON. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
