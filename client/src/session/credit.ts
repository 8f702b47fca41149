import { clientLimits } from '../limits.ts'
import type { Clock } from '../platform/clock.ts'

/**
 * The window of one connection: the bytes of Batch messages that were received and are not
 * finished. What is finished goes back to the hub in Acks; what is not keeps the hub from sending
 * more, and so bounds the client's memory.
 */
export class Credit {
  readonly windowBytes: number
  readonly #clock: Clock
  readonly #events: CreditEvents
  #heldBytes = 0
  #owedBytes = 0
  #strained = false
  #ended = false
  #cancelTimer: (() => void) | undefined

  constructor(windowBytes: number, clock: Clock, events: CreditEvents) {
    this.windowBytes = windowBytes
    this.#clock = clock
    this.#events = events
  }

  /** Received and not finished. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Between three quarters of the window held, and a quarter again. */
  get isStrained(): boolean {
    return this.#strained
  }

  received(bytes: number): void {
    this.#heldBytes += bytes
    if (!this.#strained && this.#heldBytes >= 0.75 * this.windowBytes) {
      this.#strained = true
      this.#events.strained()
    }
  }

  /** After `end` this does nothing: a new connection has a new window. */
  finished(bytes: number): void {
    if (this.#ended) return
    this.#heldBytes -= bytes
    this.#owedBytes += bytes
    if (this.#owedBytes >= this.windowBytes / 4) this.#acknowledge()
    else if (this.#owedBytes > 0)
      this.#cancelTimer ??= this.#clock.after(clientLimits.ackDelayMs, () => this.#acknowledge())
    if (this.#strained && this.#heldBytes <= this.windowBytes / 4) {
      this.#strained = false
      this.#events.eased()
    }
  }

  end(): void {
    this.#ended = true
    this.#cancelTimer?.()
  }

  #acknowledge(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    const bytes = this.#owedBytes
    this.#owedBytes = 0
    this.#events.acknowledge(bytes)
  }
}

export interface CreditEvents {
  /** Send an Ack of so many bytes. */
  acknowledge(bytes: number): void
  strained(): void
  eased(): void
}
