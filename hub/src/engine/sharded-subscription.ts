import { create } from '@bufbuild/protobuf'
import {
  type Cursor,
  cursorFromWire,
  cursorToWire,
  formatCursor,
  type ServerFrame,
  type Shard,
  ShardSchema,
  Start,
  type Subscribed,
  SubscribedSchema,
} from '@weir/proto'
import type { Codec } from './delivery/codec.ts'
import type { Receiver } from './delivery/receiver.ts'
import type { Subscriber } from './delivery/subscriber.ts'

/**
 * A subscription to several streams, as the events of a sharded tenant are. The engine sees a
 * subscription to each of them, with a receiver that is a `ShardPart`; the client sees one, which
 * begins when all parts have begun. Until then no part takes a batch, so that the client always has
 * a position in each stream.
 */
export class ShardedSubscription {
  readonly receiver: Receiver
  readonly #id: number
  readonly #count: number
  readonly #events: ShardedEvents
  readonly #parts: ShardPart[] = []
  /** What was said of parts while others had not begun. */
  #held: ServerFrame['frame'][] = []
  #isOpen = false

  constructor(receiver: Receiver, id: number, count: number, events: ShardedEvents) {
    this.receiver = receiver
    this.#id = id
    this.#count = count
    this.#events = events
  }

  /** Whether its parts may be sent to. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Whether the engine's subscription is one of its parts. */
  has(subscriber: Subscriber): boolean {
    return this.#parts.some((part) => part.subscriber === subscriber)
  }

  /** The receiver for one more of its streams. */
  addPart(): ShardPart {
    const part = new ShardPart(this)
    this.#parts.push(part)
    return part
  }

  /** The positions in the other streams, as text. */
  furtherThan(part: ShardPart): string {
    return this.#parts
      .filter((other) => other !== part)
      .map((other) => formatCursor(other.position))
      .join('_')
  }

  /** The engine says something of a part. */
  told(part: ShardPart, frame: ServerFrame['frame']): void {
    if (frame.case === 'subscribed') this.#began(part, frame.value)
    else {
      const told = frame.case === 'gap' ? { ...frame, value: { ...frame.value, channel: part.channel } } : frame
      if (this.#isOpen) this.receiver.notify(told)
      else this.#held.push(told)
    }
  }

  #began(part: ShardPart, frame: Subscribed): void {
    part.begin(frame)
    const isAgain = this.#isOpen
    // What the client holds is replaced by a snapshot of one part, so the others have to follow.
    if (isAgain && frame.start === Start.SNAPSHOT) this.#beginAgain()
    else if (isAgain) this.#announce(frame.start)
    else if (this.#parts.length === this.#count && this.#parts.every(({ start }) => start !== undefined)) this.#open()
  }

  #open(): void {
    const starts = this.#parts.map(({ start }) => start)
    const isSnapshot = starts.includes(Start.SNAPSHOT)
    if (isSnapshot && starts.some((start) => start !== Start.SNAPSHOT)) {
      this.#beginAgain()
      return
    }
    this.#announce(order.find((start) => starts.includes(start)) ?? Start.UNSPECIFIED)
    const held = this.#held
    this.#held = []
    for (const frame of held) this.receiver.notify(frame)
    this.#isOpen = true
    // The engine may be in the middle of a step.
    queueMicrotask(() => this.#events.opened())
  }

  #beginAgain(): void {
    this.#isOpen = false
    this.#held = []
    queueMicrotask(() => this.#events.beginAgain())
  }

  #announce(start: Start): void {
    const shards = { shards: this.#parts.map((part) => part.shard) }
    this.receiver.notify({ case: 'subscribed', value: create(SubscribedSchema, { id: this.#id, start, shards }) })
  }
}

export interface ShardedEvents {
  /** Its parts may be sent to. */
  opened(): void
  /** All of its parts have to begin again with a snapshot. */
  beginAgain(): void
}

/** Of the starts of several parts, the first of these stands for all. */
const order: readonly Start[] = [Start.SNAPSHOT, Start.STREAM, Start.MEMORY, Start.HEAD]

/** What the engine sends a part of a sharded subscription to. */
export class ShardPart implements Receiver {
  readonly #whole: ShardedSubscription
  #began: { readonly cursor: Cursor; readonly channel: number; readonly start: Start } | undefined
  /** Known when the source has returned it. */
  subscriber: Subscriber | undefined

  constructor(whole: ShardedSubscription) {
    this.#whole = whole
  }

  get start(): Start | undefined {
    return this.#began?.start
  }

  get channel(): number {
    return this.#began?.channel ?? 0
  }

  /** Up to where it was sent. */
  get position(): Cursor {
    const { epoch, seq } = this.#began?.cursor ?? nowhere
    return { epoch, seq: this.subscriber?.seq ?? seq }
  }

  get shard(): Shard {
    return create(ShardSchema, { channel: this.channel, cursor: cursorToWire(this.position) })
  }

  begin({ cursor, channel, start }: Subscribed): void {
    this.#began = { cursor: cursor === undefined ? nowhere : cursorFromWire(cursor), channel, start }
  }

  // What the engine calls (Receiver).

  get codec(): Codec {
    return this.#whole.receiver.codec
  }

  get chunkBytesMax(): number {
    return this.#whole.receiver.chunkBytesMax
  }

  get hasCredit(): boolean {
    return this.#whole.isOpen && this.#whole.receiver.hasCredit
  }

  take(bytes: Uint8Array, entries: number): boolean {
    const { isOpen, receiver } = this.#whole
    if (!isOpen) return false
    const { codec } = receiver
    // The positions are bytes of the batch, so there must be credit for them too.
    const whole = codec.addPositions === undefined ? bytes : codec.addPositions(bytes, this.#whole.furtherThan(this))
    return receiver.take(whole, entries)
  }

  notify(frame: ServerFrame['frame']): void {
    this.#whole.told(this, frame)
  }
}

const nowhere: Cursor = { epoch: 0, seq: 0 }
