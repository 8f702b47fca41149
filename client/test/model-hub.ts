import { Mode, Start, type Subscribe } from '@weir/proto'
import { batchFrame, type FakeHub, type FakeSocket, subscribedFrame, welcome } from './fake-hub.ts'

export interface ModelEntry {
  readonly seq: number
  readonly subject: string
  readonly removed: boolean
}

/**
 * A hub in the small behind the fake transport: a log, subscribers that are cursors, and the
 * window. It decides nothing by itself; a test says when it sends, how much, and when it breaks.
 */
export class ModelHub {
  readonly #hub: FakeHub
  readonly #windowBytes: number
  epoch = 1
  log: ModelEntry[] = []
  /** Entries up to here are gone. */
  retainedFrom = 0
  /** How many subscriptions a client took back. */
  withdrawn = 0
  #socket: FakeSocket | undefined
  #inFlightBytes = 0
  #subscribers: Map<number, { readonly request: Subscribe; channel: number; seq: number }> = new Map()
  #channels = 0

  constructor(hub: FakeHub, windowBytes: number) {
    this.#hub = hub
    this.#windowBytes = windowBytes
  }

  get head(): number {
    return this.log.at(-1)?.seq ?? this.retainedFrom
  }

  get inFlightBytes(): number {
    return this.#inFlightBytes
  }

  append(subject: string, removed: boolean): void {
    this.log.push({ seq: this.head + 1, subject, removed })
  }

  /** Another incarnation of the stream; whoever is connected begins again. */
  async renew(): Promise<void> {
    this.epoch++
    this.log = []
    this.retainedFrom = 0
    for (const [id, subscriber] of this.#subscribers) await this.#begin(id, subscriber.request)
  }

  forget(count: number): void {
    this.retainedFrom = this.log[Math.min(count, this.log.length) - 1]?.seq ?? this.retainedFrom
    this.log = this.log.slice(count)
  }

  /** Welcomes a new socket, and reads what the client has sent. */
  async listen(): Promise<void> {
    const { socket } = this.#hub
    if (socket !== this.#socket && socket.closedBy() === undefined) {
      this.#socket = socket
      this.#inFlightBytes = 0
      this.#subscribers.clear()
      await this.#hub.welcome(welcome({ windowBytes: this.#windowBytes, heartbeatMs: 1_000_000 }))
    }
    const frames = socket.heard
    socket.heard = []
    for (const { case: kind, value } of frames) {
      if (kind === 'ack') this.#inFlightBytes -= value.bytes
      else if (kind === 'unsubscribe') {
        this.withdrawn++
        this.#subscribers.delete(value.id)
      } else if (kind === 'subscribe') await this.#begin(value.id, value)
    }
  }

  /** Advances each subscriber by so many entries, as far as there is credit. */
  async send(entriesMax: number): Promise<void> {
    const socket = this.#socket
    if (socket === undefined || socket.closedBy() !== undefined) return
    for (const [id, subscriber] of this.#subscribers) {
      if (this.#inFlightBytes >= this.#windowBytes) return
      if (subscriber.seq < this.retainedFrom) {
        if (subscriber.request.mode === Mode.LATEST) await this.#snapshot(id, subscriber.request)
        else {
          const { seq } = subscriber
          subscriber.seq = this.retainedFrom
          const value = { id, from: BigInt(seq), to: BigInt(this.retainedFrom), reason: 'retention' }
          await socket.say({ case: 'gap', value })
        }
        continue
      }
      await this.#advance(socket, subscriber, entriesMax)
    }
  }

  async breakDown(): Promise<void> {
    if (this.#socket?.closedBy() === undefined) await this.#socket?.cut()
  }

  async #advance(
    socket: FakeSocket,
    subscriber: { readonly request: Subscribe; channel: number; seq: number },
    entriesMax: number,
  ): Promise<void> {
    const range = this.log.filter(({ seq }) => seq > subscriber.seq).slice(0, entriesMax)
    const to = range.at(-1)?.seq
    if (to === undefined) return
    const latest = new Map(this.log.map((entry) => [entry.subject, entry]))
    const sent =
      subscriber.request.mode === Mode.LATEST ? range.filter((entry) => latest.get(entry.subject) === entry) : range
    const entries = Object.fromEntries(
      sent.map(({ seq, subject, removed }) => [seq, removed ? `-${subject}` : subject]),
    )
    const from = subscriber.seq
    subscriber.seq = to
    await socket.say(batchFrame(subscriber.channel, from, to, entries, range.length - sent.length), this.epoch)
    this.#inFlightBytes += socket.lastBytes
  }

  async #begin(id: number, request: Subscribe): Promise<void> {
    const known = request.cursor !== undefined && Number(request.cursor.epoch) === this.epoch
    if (known) await this.#start(id, request, Start.MEMORY, Number(request.cursor?.seq))
    else if (request.mode === Mode.LATEST) await this.#snapshot(id, request)
    else await this.#start(id, request, Start.HEAD, request.cursor === undefined ? this.head : 0)
  }

  async #snapshot(id: number, request: Subscribe): Promise<void> {
    // The subjects whose newest entry is gone with retention had none by then: the test removes
    // before it forgets.
    await this.#start(id, request, Start.SNAPSHOT, this.retainedFrom)
  }

  async #start(id: number, request: Subscribe, start: Start, seq: number): Promise<void> {
    const channel = ++this.#channels
    this.#subscribers.set(id, { request, channel, seq })
    await this.#socket?.say(subscribedFrame(id, channel, start, this.epoch, seq))
  }
}
