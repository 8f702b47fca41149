import { type NatsConnection, type StreamMessage, StreamReader } from '@weir/mesh'
import { limits } from '../limits.ts'
import type { Places } from './place.ts'

export interface ShardReaderOptions {
  readonly nc: NatsConnection
  readonly stream: string
  readonly filters: readonly string[]
  /** The first sequence that is read. */
  readonly seq: number
  readonly index: number
  /** Incarnation of the stream. */
  readonly epoch: number
  readonly places: Places
  /** The place of the message before that one; 0 where it is not known. */
  readonly before: number
  /** Length of what its subjects begin with, and what is put there instead. */
  readonly prefix: number
  readonly subjects: string
}

/** A message that waits for its turn. */
export interface WaitingMessage {
  readonly message: StreamMessage
  readonly subject: string
  readonly place: number
  readonly arrivedAt: number
}

/** Reads one of several streams ahead of those that are in turn, within a bound. */
export class ShardReader {
  readonly index: number
  readonly epoch: number
  readonly #options: ShardReaderOptions
  readonly #reader: StreamReader
  #waiting: WaitingMessage[] = []
  #before: number
  #room: (() => void) | undefined

  constructor(options: ShardReaderOptions) {
    const { nc, stream, filters, seq, index, epoch, before } = options
    this.#options = options
    this.index = index
    this.epoch = epoch
    this.#before = before
    this.#reader = new StreamReader({ nc, stream, filters, start: { seq } })
  }

  /** The message that is next in its stream. */
  get first(): WaitingMessage | undefined {
    return this.#waiting[0]
  }

  /** Nothing waits, and nothing more was stored when the last message was sent. */
  get isAtHead(): boolean {
    return this.#waiting.length === 0 && this.#reader.atHead
  }

  /** Messages that are stored and were not taken. */
  get pending(): number {
    return this.#waiting.length + (this.#waiting.at(-1)?.message.pending ?? 0)
  }

  /** @param arrived is called when there is a first message again */
  run(arrived: () => void): Promise<void> {
    const { index, places, prefix, subjects } = this.#options
    return this.#reader.run((message) => {
      this.#before = places.next(index, message.storedAtUs, this.#before)
      const subject = subjects + message.subject.slice(prefix)
      this.#waiting.push({ message, subject, place: this.#before, arrivedAt: performance.now() })
      if (this.#waiting.length === 1) arrived()
      if (this.#waiting.length < limits.shardAheadMax) return undefined
      return new Promise((resolve) => {
        this.#room = () => resolve(undefined)
      })
    })
  }

  take(): void {
    this.#waiting.shift()
    if (this.#room === undefined || this.#waiting.length > limits.shardAheadMax / 2) return
    this.#room()
    this.#room = undefined
  }

  close(): void {
    this.#reader.close()
    this.#room?.()
  }
}
