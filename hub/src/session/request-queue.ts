import { WeirError } from '@weir/proto'
import { limits } from '../limits.ts'
import type { Request } from './dialect.ts'

/**
 * Handles the requests of one connection one after another; those that come while one waits for
 * NATS or a key stand here. There is one only while there is a request, since most connections
 * mostly wait.
 */
export class RequestQueue {
  readonly #owner: RequestOwner
  #waiting: Request[] = []
  /** Of the messages that came. */
  #bytes = 0
  #busy = false
  #closed = false
  /** Lets a request go on that waits until the socket has taken what it was sent. */
  #goOn: (() => void) | undefined

  constructor(owner: RequestOwner) {
    this.#owner = owner
  }

  /**
   * Takes what one message asks for; `bytes` is the size of the message. Throws `rate_limited` when
   * too much waits.
   */
  push(requests: readonly Request[], bytes: number): void {
    for (const request of requests) this.#waiting.push(request)
    this.#bytes += bytes
    if (!this.#busy) void this.#work()
    else if (this.#waiting.length > limits.framesWaitingMax || this.#bytes > limits.waitingBytesMax) {
      throw new WeirError('rate_limited', 'Too many frames wait for an earlier one: wait for its answer.')
    }
  }

  /** What the request that is being handled waits for, until `goOn` or `close`. */
  pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#goOn = resolve
    })
  }

  goOn(): void {
    this.#goOn?.()
    this.#goOn = undefined
  }

  close(): void {
    this.#closed = true
    this.#waiting = []
    this.goOn()
  }

  async #work(): Promise<void> {
    this.#busy = true
    try {
      for (let request = this.#waiting.shift(); request !== undefined; request = this.#waiting.shift()) {
        const pending = request()
        if (pending !== undefined) await pending
        if (this.#closed) return
      }
      this.#owner.endRequests()
    } catch (thrown) {
      this.close()
      this.#owner.fail(thrown)
    }
  }
}

/** Whose requests they are. */
export interface RequestOwner {
  /** Hears what a request throws; nothing is handled after it. */
  fail(thrown: unknown): void
  /** Nothing waits any more: the next request begins another queue. */
  endRequests(): void
}
