import type { ClientFrame, Subscribe, Subscribed } from '@weir/proto'
import { Lane } from './lane.ts'
import type { TabSocket } from './tab-socket.ts'

/**
 * The subscriptions of all tabs on one socket: which id and channel each has at the hub. One that
 * is paused has none there.
 */
export class LaneTable {
  readonly #send: (frame: ClientFrame['frame']) => void
  /** Of each tab, by the ids that it gave. */
  readonly #tabs: Map<TabSocket, Map<number, Lane>> = new Map()
  /** By the ids that the hub knows. */
  readonly #ids: Map<number, Lane> = new Map()
  readonly #channels: Map<number, Lane> = new Map()
  #lastId = 0

  constructor(send: (frame: ClientFrame['frame']) => void) {
    this.#send = send
  }

  /** How many the hub has. */
  get size(): number {
    return this.#ids.size
  }

  byId(hubId: number): Lane | undefined {
    return this.#ids.get(hubId)
  }

  byChannel(channel: number): Lane | undefined {
    return this.#channels.get(channel)
  }

  /** A Subscribe of a tab, which waits while the tab is paused. */
  open(tab: TabSocket, request: Subscribe): void {
    const lane = new Lane(tab, request)
    const lanes = this.#tabs.get(tab) ?? new Map<number, Lane>()
    this.#tabs.set(tab, lanes.set(request.id, lane))
    if (!tab.isPaused) this.#ask(lane)
  }

  close(tab: TabSocket, tabId: number): void {
    const lanes = this.#tabs.get(tab)
    const lane = lanes?.get(tabId)
    if (lane === undefined) return
    lanes?.delete(tabId)
    this.#withdraw(lane)
  }

  /** All that the tab has. */
  closeAll(tab: TabSocket): void {
    this.pause(tab)
    this.#tabs.delete(tab)
  }

  /** Takes what the tab has back from the hub. What is still on its way is of no lane then. */
  pause(tab: TabSocket): void {
    for (const lane of this.#tabs.get(tab)?.values() ?? []) this.#withdraw(lane)
  }

  /** Asks again where the tab is. */
  resume(tab: TabSocket): void {
    for (const lane of this.#tabs.get(tab)?.values() ?? []) this.#ask(lane)
  }

  subscribed(frame: Subscribed): Lane | undefined {
    const lane = this.#ids.get(frame.id)
    if (lane === undefined) return undefined
    this.#leaveChannel(lane)
    lane.begins(frame)
    for (const channel of lane.channels) this.#channels.set(channel, lane)
    return lane
  }

  /** The hub does not have it, or not any more. */
  refused(hubId: number): Lane | undefined {
    const lane = this.#ids.get(hubId)
    if (lane === undefined) return undefined
    this.#ids.delete(hubId)
    this.#leaveChannel(lane)
    this.#tabs.get(lane.tab)?.delete(lane.tabId)
    return lane
  }

  #ask(lane: Lane): void {
    const hubId = ++this.#lastId
    this.#ids.set(hubId, lane)
    this.#send({ case: 'subscribe', value: lane.request(hubId) })
  }

  #withdraw(lane: Lane): void {
    const { hubId } = lane
    if (hubId === undefined) return
    this.#ids.delete(hubId)
    this.#leaveChannel(lane)
    lane.pauses()
    this.#send({ case: 'unsubscribe', value: { $typeName: 'weir.v1.Unsubscribe', id: hubId } })
  }

  #leaveChannel({ channels }: Lane): void {
    for (const channel of channels) this.#channels.delete(channel)
  }
}
