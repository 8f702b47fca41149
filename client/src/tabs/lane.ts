import { type Cursor, cursorField, cursorOfField, type Subscribe, type Subscribed } from '@weir/proto'
import { StreamPositions } from '../session/stream-positions.ts'
import type { TabSocket } from './tab-socket.ts'

/** A subscription of one tab on the socket of all tabs. */
export class Lane {
  readonly tab: TabSocket
  readonly #request: Subscribe
  #hubId: number | undefined
  /** Up to where the tab was sent, before the hub has answered. */
  #asked: Cursor | undefined
  /** Up to where it was sent since. */
  readonly #reached: StreamPositions = new StreamPositions()

  constructor(tab: TabSocket, request: Subscribe) {
    this.tab = tab
    this.#request = request
    this.#asked = cursorOfField(request)
  }

  /** The id that the tab gave. */
  get tabId(): number {
    return this.#request.id
  }

  /** The id that the hub knows it by; undefined while it is paused. */
  get hubId(): number | undefined {
    return this.#hubId
  }

  /** None before the hub has answered. */
  get channels(): readonly number[] {
    return this.#reached.channels
  }

  /** The Subscribe that goes on where the tab is. */
  request(hubId: number): Subscribe {
    this.#hubId = hubId
    const { cursor: _, cursors: __, ...request } = this.#request
    return { ...request, id: hubId, ...cursorField(this.#asked) }
  }

  begins(frame: Subscribed): void {
    this.#reached.begin(frame)
  }

  /** @param channel 0 for the one that there is */
  reached(channel: number, seq: bigint): void {
    const known = this.#reached.of(channel)
    if (known !== undefined) this.#reached.move(channel, { epoch: known.epoch, seq: Number(seq) })
  }

  pauses(): void {
    this.#hubId = undefined
    this.#asked = this.#reached.whole ?? this.#asked
    this.#reached.clear()
  }
}
