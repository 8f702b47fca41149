import { asWeirError, type ClientFrame, type Hello, type Refused, type ServerFrame, type Welcome } from '@weir/proto'
import { clientLimits, tabLimits } from '../limits.ts'
import type { Clock } from '../platform/clock.ts'
import { closeReason } from '../session/close-error.ts'
import type { HubBatch } from '../session/codec.ts'
import { Credit } from '../session/credit.ts'
import type { OpenSocket, Socket } from '../session/socket.ts'
import { Watchdog } from '../session/watchdog.ts'
import { HubToken } from './hub-token.ts'
import { LaneTable } from './lane-table.ts'
import type { SocketMessage } from './port.ts'
import type { RelayCodec } from './relay-codec.ts'
import type { TabSocket } from './tab-socket.ts'
import { tokenIdentity } from './token-identity.ts'

export interface HubSocketOptions {
  readonly url: string
  readonly codec: RelayCodec
  readonly openSocket: OpenSocket
  readonly clock: Clock
  /** It has ended, or no tab is left: it is of no use to others. */
  readonly ended: (socket: HubSocket) => void
}

/**
 * One socket to a hub for all tabs of one identity. Each tab speaks with it as with a hub: it has
 * its own ids, its own window, and is closed with the code with which the hub closes.
 *
 * Nothing is queued for a tab. What the hub sends is passed on as it comes, and acknowledged when
 * the tab has acknowledged it. A tab that holds more than its share of the window, so that others
 * would wait for it, is paused: its subscriptions are taken back from the hub, which is told that
 * what the tab holds is done with, and go on at their positions when the tab has caught up.
 */
export class HubSocket {
  readonly url: string
  readonly codec: RelayCodec
  readonly #options: HubSocketOptions
  readonly #socket: Socket
  readonly #tabs: Set<TabSocket> = new Set()
  readonly #lanes: LaneTable = new LaneTable((frame) => this.#send(frame))
  #isOpen = false
  #isLeaving = false
  #hasEnded = false
  #hello: Hello | undefined
  #identity: string | undefined
  #token: HubToken | undefined
  #welcome: Welcome | undefined
  #credit: Credit | undefined
  #watchdog: Watchdog | undefined
  readonly #cancelDeadline: () => void

  constructor(options: HubSocketOptions) {
    this.url = options.url
    this.codec = options.codec
    this.#options = options
    this.#socket = options.openSocket(options.url, options.codec.subprotocol, {
      opened: (subprotocol) => this.#opened(subprotocol),
      received: (message) => this.#received(message as SocketMessage),
      closed: (code, reason) => this.#end(code, reason),
    })
    this.#cancelDeadline = options.clock.after(clientLimits.connectMs, () =>
      this.#fail('The hub did not answer in time.'),
    )
  }

  /** Whether another tab may come: of any identity before anybody has greeted the hub. */
  isFor(identity: string | undefined): boolean {
    const isSame = identity === undefined || this.#identity === undefined || this.#identity === identity
    const subscriptionsMax = this.#welcome?.limits?.subscriptionsMax || Number.POSITIVE_INFINITY
    return isSame && !this.#isLeaving && !this.#hasEnded && this.#lanes.size < subscriptionsMax / 2
  }

  join(tab: TabSocket): void {
    this.#tabs.add(tab)
    // As a WebSocket does it: not before whoever opens it has it.
    if (this.#isOpen) queueMicrotask(() => this.#tabs.has(tab) && tab.opened(this.codec.subprotocol))
  }

  /** The tab is gone, or goes on elsewhere: nothing of it is left. */
  leave(tab: TabSocket, code: number): void {
    if (!this.#tabs.delete(tab)) return
    this.#lanes.closeAll(tab)
    this.#credit?.finished(tab.forgive())
    // It found the connection dead, or something wrong with it.
    if (code >= 4000) this.#watchdog?.check()
    if (this.#tabs.size === 0) this.#close()
    for (const other of this.#tabs) this.#relax(other)
  }

  /** A frame of a tab that has joined; a Hello is the first one, and of this identity. */
  say(tab: TabSocket, frame: ClientFrame['frame']): void {
    switch (frame.case) {
      case 'hello':
        this.#greet(tab, frame.value)
        break
      case 'subscribe':
        this.#lanes.open(tab, frame.value)
        break
      case 'unsubscribe':
        this.#lanes.close(tab, frame.value.id)
        break
      case 'ack':
        this.#credit?.finished(tab.acknowledged(frame.value.bytes))
        this.#relax(tab)
        break
      case 'renew':
        if (this.#token?.renew(tab, frame.value.token)) this.#send(frame)
        break
      case 'ping':
        this.#send(frame)
    }
  }

  #opened(subprotocol: string): void {
    if (this.#hasEnded) return
    this.#isOpen = true
    // A tab that came from another socket has said it before this one was open.
    if (this.#hello !== undefined) this.#send({ case: 'hello', value: this.#hello })
    for (const tab of this.#tabs) tab.opened(subprotocol)
  }

  #greet(tab: TabSocket, hello: Hello): void {
    tab.windowBytes = hello.windowBytes || clientLimits.windowBytes
    tab.phase = 'waiting'
    if (this.#hello !== undefined) {
      // Whether the connection still lives is known by the next word.
      this.#watchdog?.check()
      return
    }
    const windowBytes = Math.min(tabLimits.tabWindows * tab.windowBytes, clientLimits.windowBytesMax)
    this.#hello = { ...hello, windowBytes }
    this.#identity = tokenIdentity(hello.token)
    this.#token = new HubToken(hello.token)
    if (this.#isOpen) this.#send({ case: 'hello', value: this.#hello })
  }

  #received(message: SocketMessage): void {
    if (this.#hasEnded) return
    this.#watchdog?.heard()
    try {
      this.#take(message)
    } catch (thrown) {
      this.#fail(asWeirError(thrown).message)
    }
  }

  #take(message: SocketMessage): void {
    const { frame, bytes } = this.codec.decode(message)
    switch (frame.case) {
      case 'welcome':
        this.#welcomed(frame.value)
        break
      case 'subscribed': {
        const lane = this.#lanes.subscribed(frame.value)
        if (lane !== undefined) this.#tell(lane.tab, { ...frame, value: { ...frame.value, id: lane.tabId } })
        break
      }
      case 'batch':
        this.#batch(frame.value, message, bytes)
        break
      case 'gap': {
        const lane = this.#lanes.byId(frame.value.id)
        lane?.reached(frame.value.channel, frame.value.to)
        if (lane !== undefined) this.#tell(lane.tab, { ...frame, value: { ...frame.value, id: lane.tabId } })
        break
      }
      case 'refused':
        this.#refused(frame.value)
        break
      case 'goaway':
        this.#isLeaving = true
        this.#tellAll(frame)
        break
      case 'pong':
        this.#tellAll(frame)
    }
    this.#admit()
  }

  #welcomed(welcome: Welcome): void {
    const { clock } = this.#options
    this.#cancelDeadline()
    this.#welcome = welcome
    const windowBytes = welcome.limits?.windowBytes || (this.#hello?.windowBytes ?? 0)
    this.#credit = new Credit(windowBytes, clock, {
      acknowledge: (bytes) => this.#send({ case: 'ack', value: { $typeName: 'weir.v1.Ack', bytes } }),
      strained() {},
      eased() {},
    })
    this.#watchdog = new Watchdog(clock, welcome.heartbeatMs || clientLimits.heartbeatMs, {
      ping: () => this.#send({ case: 'ping', value: { $typeName: 'weir.v1.Ping' } }),
      dead: () => this.#fail('The hub has been silent for too long.'),
    })
  }

  /** Welcomes the tabs that wait: the hub has just said something. */
  #admit(): void {
    const [welcome, credit] = [this.#welcome, this.#credit]
    if (welcome === undefined || credit === undefined) return
    for (const tab of this.#tabs) {
      if (tab.phase !== 'waiting') continue
      tab.phase = 'welcomed'
      tab.windowBytes = Math.min(tab.windowBytes, credit.windowBytes)
      const limits = welcome.limits && { limits: { ...welcome.limits, windowBytes: tab.windowBytes } }
      const tokenExpires = this.#token?.expires ?? welcome.tokenExpires
      this.#tell(tab, { case: 'welcome', value: { ...welcome, ...limits, tokenExpires } })
      // With one more tab, the share of each is smaller.
      for (const other of this.#tabs) this.#bound(other)
    }
  }

  #batch(batch: HubBatch, message: SocketMessage, bytes: number): void {
    const lane = this.#lanes.byChannel(batch.channel)
    this.#credit?.received(bytes)
    if (lane === undefined) {
      this.#credit?.finished(bytes)
      return
    }
    lane.reached(batch.channel, batch.to)
    lane.tab.sent(bytes)
    lane.tab.events.received(message)
    this.#bound(lane.tab)
  }

  #refused(frame: Refused): void {
    if (frame.id === 0) {
      const tab = this.#token?.refused()
      if (tab !== undefined) this.#tell(tab, { case: 'refused', value: frame })
      return
    }
    const lane = this.#lanes.refused(frame.id)
    if (lane !== undefined) this.#tell(lane.tab, { case: 'refused', value: { ...frame, id: lane.tabId } })
  }

  /** What a tab may hold before others wait for it: all of it where there are no others. */
  #shareBytes(tab: TabSocket): number {
    if (this.#tabs.size === 1) return Number.POSITIVE_INFINITY
    return Math.min(tab.windowBytes, (this.#credit?.windowBytes ?? 0) / this.#tabs.size)
  }

  /** A tab that holds nothing is never paused, as only what it acknowledges ends a pause. */
  #bound(tab: TabSocket): void {
    if (tab.isPaused || tab.heldBytes === 0 || tab.heldBytes < this.#shareBytes(tab)) return
    tab.isPaused = true
    this.#lanes.pause(tab)
    this.#credit?.finished(tab.forgive())
  }

  #relax(tab: TabSocket): void {
    if (!tab.isPaused || tab.heldBytes > this.#shareBytes(tab) / 4) return
    tab.isPaused = false
    this.#lanes.resume(tab)
  }

  #tellAll(frame: FrameForTabs): void {
    for (const tab of this.#tabs) if (tab.phase === 'welcomed') this.#tell(tab, frame)
  }

  #tell(tab: TabSocket, frame: FrameForTabs): void {
    tab.events.received(this.codec.encodeServer(frame))
  }

  #send(frame: ClientFrame['frame']): void {
    if (!this.#hasEnded) this.#socket.send(this.codec.encode(frame))
  }

  #close(): void {
    if (this.#hasEnded) return
    this.#stop()
    this.#socket.close(1000, '')
  }

  /** The hub, or what is between, does not do what it should. */
  #fail(reason: string): void {
    this.#socket.close(4000, closeReason(reason))
    this.#end(1006, reason)
  }

  #end(code: number, reason: string): void {
    if (this.#hasEnded) return
    this.#stop()
    const tabs = [...this.#tabs]
    this.#tabs.clear()
    for (const tab of tabs) tab.events.closed(code, reason)
  }

  #stop(): void {
    this.#hasEnded = true
    this.#cancelDeadline()
    this.#credit?.end()
    this.#watchdog?.end()
    this.#options.ended(this)
  }
}

type FrameForTabs = Exclude<ServerFrame['frame'], { case: 'batch' }>
