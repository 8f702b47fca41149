import {
  type Alert,
  type Cursor,
  type Event,
  formatCursor,
  JsonEvent,
  jsonValue,
  type Reading,
  type StateChange,
  type Step,
  WeirError,
} from '@weir/proto'
import type { EncodedEvent } from '../session/codec.ts'

/**
 * An event with its place in a source. A class for the sake of its getters, which most consumers
 * need not all pay for.
 */
export class Entry {
  readonly type = 'entry'
  readonly subject: string
  readonly seq: number
  readonly #place: Cursor | undefined
  readonly #encoded: EncodedEvent
  readonly #decode: (encoded: EncodedEvent) => Event
  #event: Event | undefined
  #data: { readonly value: unknown } | undefined

  /**
   * Not for applications: subscriptions and the read API give them.
   *
   * @param place a position in the stream of the entry, and those in the others
   */
  constructor(
    subject: string,
    seq: number,
    place: Cursor | undefined,
    encoded: EncodedEvent,
    decode: (encoded: EncodedEvent) => Event,
  ) {
    this.subject = subject
    this.seq = seq
    this.#place = place
    this.#encoded = encoded
    this.#decode = decode
  }

  /**
   * The event, decoded when it is first asked for. Throws `malformed` for what is no event, whoever
   * stored it.
   */
  get event(): Event {
    this.#event ??= this.#decodeEvent()
    return this.#event
  }

  /**
   * The JSON data of the event, as JSON.parse gives it; undefined where the event has other data,
   * or none.
   */
  get data(): unknown {
    // A frame in JSON was parsed as a whole.
    if (this.#encoded instanceof JsonEvent) return this.#encoded.value?.data
    const text = this.dataText
    if (text === undefined) return undefined
    this.#data ??= { value: jsonValue(text) }
    return this.#data.value
  }

  /** The JSON data as the producer wrote it, with numbers of any length. */
  get dataText(): string | undefined {
    const { data } = this.event
    return data.case === 'json' ? data.value : undefined
  }

  get reading(): Reading | undefined {
    const { data } = this.event
    return data.case === 'reading' ? data.value : undefined
  }

  get stateChange(): StateChange | undefined {
    const { data } = this.event
    return data.case === 'stateChange' ? data.value : undefined
  }

  get alert(): Alert | undefined {
    const { data } = this.event
    return data.case === 'alert' ? data.value : undefined
  }

  get step(): Step | undefined {
    const { data } = this.event
    return data.case === 'step' ? data.value : undefined
  }

  /**
   * Where to resume right after this entry. Throws `invalid` for one of the read API: its page has
   * the cursor.
   */
  get cursor(): string {
    if (this.#place === undefined) throw new WeirError('invalid', 'Go on at the cursor of the page that this is from.')
    return formatCursor({ ...this.#place, seq: this.seq })
  }

  /** The same entry for those who keep it: it no longer holds the whole message that it came in. */
  detached(): Entry {
    const encoded = this.#encoded instanceof JsonEvent ? this.#encoded.text : this.#encoded
    const own = typeof encoded === 'string' ? copyOf(encoded) : encoded.slice()
    return new Entry(this.subject, this.seq, this.#place, own, this.#decode)
  }

  #decodeEvent(): Event {
    try {
      return this.#decode(this.#encoded)
    } catch (cause) {
      throw new WeirError('malformed', `What is stored under ${this.subject} at ${this.seq} is no event.`, { cause })
    }
  }
}

/**
 * A text of its own memory: most engines keep a whole text in memory for as long as a part of it is
 * used.
 */
function copyOf(text: string): string {
  return new TextDecoder().decode(new TextEncoder().encode(text))
}
