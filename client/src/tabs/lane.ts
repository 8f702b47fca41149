import type { Subscribe } from '@weir/proto'
import type { TabSocket } from './tab-socket.ts'

/** A subscription of one tab on the socket of all tabs. */
export class Lane {
  readonly tab: TabSocket
  readonly #request: Subscribe
  #hubId: number | undefined
  #channel: number | undefined
  /** Up to where the tab was sent. */
  #position: Subscribe['cursor']

  constructor(tab: TabSocket, request: Subscribe) {
    this.tab = tab
    this.#request = request
    this.#position = request.cursor
  }

  /** The id that the tab gave. */
  get tabId(): number {
    return this.#request.id
  }

  /** The id that the hub knows it by; undefined while it is paused. */
  get hubId(): number | undefined {
    return this.#hubId
  }

  /** Undefined before the hub has answered. */
  get channel(): number | undefined {
    return this.#channel
  }

  /** The Subscribe that goes on where the tab is. */
  request(hubId: number): Subscribe {
    this.#hubId = hubId
    const { cursor: _, ...request } = this.#request
    const cursor = this.#position
    return { ...request, id: hubId, ...(cursor && { cursor }) }
  }

  begins(channel: number, at: Subscribe['cursor']): void {
    this.#channel = channel
    this.#position = at
  }

  reached(seq: bigint): void {
    if (this.#position !== undefined) this.#position = { ...this.#position, seq }
  }

  pauses(): void {
    this.#hubId = undefined
    this.#channel = undefined
  }
}
