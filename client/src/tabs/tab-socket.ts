import type { SocketEvents } from '../session/socket.ts'

/** One socket of a tab, as the worker sees it: what it was sent and has not acknowledged. */
export class TabSocket {
  readonly events: SocketEvents
  /** What it asked for in Hello, or was given less. */
  windowBytes = 0
  isPaused = false
  /** `waiting`: it has said Hello, and is welcomed with the next word of the hub. */
  phase: 'silent' | 'waiting' | 'welcomed' = 'silent'
  #isOpened = false
  #heldBytes = 0
  /** Of those that are held, the last ones, for which the hub has no acknowledgement yet. */
  #owedBytes = 0

  constructor(events: SocketEvents) {
    this.events = events
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Tells it once, though it may be given another socket then. */
  opened(subprotocol: string): void {
    if (this.#isOpened) return
    this.#isOpened = true
    this.events.opened(subprotocol)
  }

  sent(bytes: number): void {
    this.#heldBytes += bytes
    this.#owedBytes += bytes
  }

  /** More than was sent counts as all of it. Returns what the hub is to be told. */
  acknowledged(bytes: number): number {
    this.#heldBytes = Math.max(this.#heldBytes - bytes, 0)
    return this.#giveBack(this.#heldBytes)
  }

  /** The hub need not wait for this tab any more. Returns what it is to be told. */
  forgive(): number {
    return this.#giveBack(0)
  }

  #giveBack(owedBytesMax: number): number {
    const bytes = Math.max(this.#owedBytes - owedBytesMax, 0)
    this.#owedBytes -= bytes
    return bytes
  }
}
