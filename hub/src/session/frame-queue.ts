import { type ClientFrame, WeirError } from '@weir/proto'
import { limits } from '../limits.ts'

type Frame = ClientFrame['frame']

/**
 * Handles the frames of one connection one after another; those that come while one waits for NATS
 * or a key stand here. There is one only while there is a frame, since most connections mostly
 * wait.
 */
export class FrameQueue {
  readonly #handler: FrameHandler
  #waiting: Frame[] = []
  /** Of the messages that came. */
  #bytes = 0
  #busy = false
  #closed = false

  constructor(handler: FrameHandler) {
    this.#handler = handler
  }

  /** `bytes` is the size of the message. Throws `rate_limited` when too much waits. */
  push(frame: Frame, bytes: number): void {
    this.#waiting.push(frame)
    this.#bytes += bytes
    if (!this.#busy) void this.#work()
    else if (this.#waiting.length > limits.framesWaitingMax || this.#bytes > limits.waitingBytesMax) {
      throw new WeirError('rate_limited', 'Too many frames wait for an earlier one: wait for its answer.')
    }
  }

  close(): void {
    this.#closed = true
    this.#waiting = []
  }

  async #work(): Promise<void> {
    this.#busy = true
    try {
      for (let frame = this.#waiting.shift(); frame !== undefined; frame = this.#waiting.shift()) {
        const pending = this.#handler.handle(frame)
        if (pending !== undefined) await pending
        if (this.#closed) return
      }
      this.#handler.end()
    } catch (thrown) {
      this.close()
      this.#handler.fail(thrown)
    }
  }
}

/** What handles the frames. */
export interface FrameHandler {
  /** Resolves when the next frame may follow; undefined is at once. */
  handle(frame: Frame): Promise<void> | undefined
  /** Hears what `handle` throws; nothing is handled after it. */
  fail(thrown: unknown): void
  /** Nothing waits any more: the next frame begins another queue. */
  end(): void
}
