import assert from 'node:assert/strict'
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import {
  batchToJson,
  type ClientFrame,
  ClientFrameSchema,
  clientFrameFromJson,
  EventSchema,
  type ServerFrame,
  ServerFrameSchema,
  serverFrameToJson,
} from '@weir/proto'
import type { OpenSocket, SocketEvents } from '../src/session/socket.ts'
import { settle } from './fake-clock.ts'

/** The hub's side of the transport: every socket that a client opened; `socket` is the last one. */
export class FakeHub {
  readonly sockets: FakeSocket[] = []
  /** What opening a socket throws. */
  refuses: Error | undefined

  readonly open: OpenSocket = (url, subprotocol, events) => {
    if (this.refuses !== undefined) throw this.refuses
    const socket = new FakeSocket(url, subprotocol, events)
    this.sockets.push(socket)
    return socket
  }

  get socket(): FakeSocket {
    const socket = this.sockets.at(-1)
    assert.ok(socket, 'no socket was opened')
    return socket
  }

  /** Opens the last socket and welcomes its client. */
  async welcome(init: MessageInitShape<typeof ServerFrameSchema>['frame'] = welcome()): Promise<FakeSocket> {
    await settle()
    const { socket } = this
    socket.opened()
    await socket.say(init)
    return socket
  }
}

export class FakeSocket {
  readonly url: string
  readonly subprotocol: string
  readonly #events: SocketEvents
  /** Frames of the client that no test has looked at. */
  heard: ClientFrame['frame'][] = []
  #closeCode: number | undefined
  /** Bytes that the last `say` took on the wire. */
  lastBytes = 0

  constructor(url: string, subprotocol: string, events: SocketEvents) {
    this.url = url
    this.subprotocol = subprotocol
    this.#events = events
  }

  get isJson(): boolean {
    return this.subprotocol === 'weir.v1.json'
  }

  send(message: string | Uint8Array): void {
    assert.equal(this.#closeCode, undefined, 'a frame after the end')
    const frame = typeof message === 'string' ? clientFrameFromJson(message) : fromBinary(ClientFrameSchema, message)
    this.heard.push(frame.frame)
  }

  close(code: number): void {
    this.#closeCode = code
  }

  /** The code with which either side has closed it. */
  closedBy(): number | undefined {
    return this.#closeCode
  }

  opened(subprotocol: string = this.subprotocol): void {
    this.#events.opened(subprotocol)
  }

  /** The hub, or the network, ends the connection. */
  async cut(code = 1006, reason = ''): Promise<void> {
    this.#closeCode ??= code
    this.#events.closed(code, reason)
    await settle()
  }

  async say(frame: MessageInitShape<typeof ServerFrameSchema>['frame'], epoch = 1): Promise<void> {
    await this.sayRaw(this.#encode(create(ServerFrameSchema, { frame } as ServerFrame), epoch))
  }

  async sayRaw(message: string | Uint8Array): Promise<void> {
    this.lastBytes = typeof message === 'string' ? new TextEncoder().encode(message).length : message.length
    this.#events.received(message)
    await settle()
  }

  /** The frames since the last call, of one kind. */
  take<Kind extends NonNullable<ClientFrame['frame']['case']>>(kind: Kind): FrameOf<Kind>[] {
    const taken = this.heard.filter((frame) => frame.case === kind)
    this.heard = this.heard.filter((frame) => frame.case !== kind)
    return taken.map(({ value }) => value as FrameOf<Kind>)
  }

  /** Answers the one Subscribe that was heard. */
  async subscribed(channel: number, start: number, epoch: number, seq: number): Promise<number> {
    const [subscribe, ...more] = this.take('subscribe')
    assert.ok(subscribe, 'no Subscribe was heard')
    assert.equal(more.length, 0, 'more than one Subscribe was heard')
    await this.say(subscribedFrame(subscribe.id, channel, start, epoch, seq))
    return subscribe.id
  }

  #encode(frame: ServerFrame, epoch: number): string | Uint8Array {
    if (!this.isJson) return toBinary(ServerFrameSchema, frame)
    return frame.frame.case === 'batch' ? batchToJson(frame.frame.value, epoch) : serverFrameToJson(frame)
  }
}

type FrameOf<Kind> = Extract<ClientFrame['frame'], { case: Kind }>['value']
type FrameInit = NonNullable<MessageInitShape<typeof ServerFrameSchema>['frame']>

export function welcome(init: { heartbeatMs?: number; windowBytes?: number; tokenExpires?: number } = {}): FrameInit {
  const { heartbeatMs = 10_000, windowBytes = 65_536, tokenExpires = 0 } = init
  const limits = { windowBytes }
  return { case: 'welcome', value: { session: 's', hub: 'h', heartbeatMs, limits, tokenExpires: BigInt(tokenExpires) } }
}

export function subscribedFrame(id: number, channel: number, start: number, epoch: number, seq: number): FrameInit {
  return { case: 'subscribed', value: { id, channel, start, cursor: { epoch: BigInt(epoch), seq: BigInt(seq) } } }
}

/** An entry is `seq: subject`, and a removal has a `-` before its subject. */
export function batchFrame(
  channel: number,
  from: number,
  to: number,
  entries: Readonly<Record<number, string>> = {},
  conflated = 0,
): FrameInit {
  return {
    case: 'batch',
    value: {
      channel,
      from: BigInt(from),
      to: BigInt(to),
      conflated: BigInt(conflated),
      entries: Object.entries(entries).map(([seq, subject]) =>
        subject.startsWith('-')
          ? { subject: subject.slice(1), seq: BigInt(seq), content: { case: 'removal', value: 2 } }
          : { subject, seq: BigInt(seq), content: { case: 'event', value: eventBytes(Number(seq)) } },
      ),
    },
  }
}

/** An event whose id is the sequence. */
export function eventBytes(seq: number): Uint8Array {
  return toBinary(EventSchema, create(EventSchema, { id: String(seq) }))
}
