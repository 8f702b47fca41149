import { fromBinary } from '@bufbuild/protobuf'
import { ReplySchema } from '../src/gen/centrifuge/v2/client_pb.js'
import { until } from './until.ts'

/** A line of JSON that the hub sent. */
export interface WireReply {
  readonly id?: number
  readonly error?: { readonly code: number; readonly message: string; readonly temporary?: boolean }
  readonly push?: {
    readonly channel: string
    readonly pub?: WirePublication
    readonly unsubscribe?: { readonly code: number }
  }
  readonly connect?: { readonly ttl: number; readonly ping: number }
  readonly subscribe?: {
    readonly recovered?: boolean
    readonly was_recovering?: boolean
    readonly epoch: string
    readonly offset: number
    readonly publications?: readonly WirePublication[]
  }
  readonly history?: { readonly publications: readonly { readonly offset: number }[]; readonly epoch: string }
  readonly [key: string]: unknown
}

export interface WirePublication {
  readonly data: unknown
  readonly offset: number
  readonly tags: Readonly<Record<string, string>>
}

/** A Centrifuge client that says what it is told to, and keeps what it hears. */
export class CentrifugeWire {
  readonly replies: WireReply[] = []
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
  /** Whether pings are answered, as every client does. */
  answers = true
  pings = 0
  /** Messages that hold a publication which came by itself. */
  pushMessages = 0
  bytes = 0
  readonly #socket: WebSocket
  #ids = 0

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.binaryType = 'arraybuffer'
    socket.onmessage = ({ data }) => this.#received(data as string | ArrayBuffer)
    this.closed = new Promise((resolve) => {
      socket.onclose = ({ code, reason }) => resolve({ code, reason })
    })
  }

  static open({ port }: { readonly port: number }, protocol?: string): Promise<CentrifugeWire> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/connection/websocket`, protocol)
    return new Promise((resolve, reject) => {
      socket.onopen = () => resolve(new CentrifugeWire(socket))
      socket.onerror = () => reject(new Error('the connection was refused'))
    })
  }

  static async connect(hub: { readonly port: number }, token: string): Promise<CentrifugeWire> {
    const wire = await CentrifugeWire.open(hub)
    await wire.ask({ connect: { token } })
    return wire
  }

  send(message: string | Uint8Array): void {
    this.#socket.send(message)
  }

  /** Sends a command and gives the reply to it. */
  async ask(command: object): Promise<WireReply> {
    const id = ++this.#ids
    this.send(JSON.stringify({ id, ...command }))
    await until(() => this.replies.some((reply) => reply.id === id), `the reply to ${JSON.stringify(command)}`)
    return this.replies.find((reply) => reply.id === id) as WireReply
  }

  /** The code of the error that a command is answered with. */
  async fault(command: object): Promise<number | undefined> {
    return (await this.ask(command)).error?.code
  }

  /** What came in answers and by itself. */
  get publications(): WirePublication[] {
    return this.replies.flatMap(({ push, subscribe }) => push?.pub ?? subscribe?.publications ?? [])
  }

  pong(): void {
    this.send('{}')
  }

  close(): void {
    this.#socket.close()
  }

  #received(data: string | ArrayBuffer): void {
    if (typeof data !== 'string') {
      const bytes = new Uint8Array(data)
      // The messages of this test are shorter than 128 bytes.
      if (bytes.length > 1) this.replies.push(fromBinary(ReplySchema, bytes.subarray(1)) as never)
      return
    }
    this.bytes += data.length
    if (data.startsWith('{"push"')) this.pushMessages++
    for (const line of data.split('\n')) {
      if (line !== '{}') this.replies.push(JSON.parse(line) as WireReply)
      else {
        this.pings++
        if (this.answers) this.pong()
      }
    }
  }
}
