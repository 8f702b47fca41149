import {
  backoffMs,
  type ClientFrame,
  decodeServerFrame,
  encodeClientFrame,
  type ServerFrame,
  shouldReconnect,
  WeirError,
} from '@weir/proto'
import { ingestLimits } from '../limits.ts'

export interface HubLinkParts {
  /** `ws://` or `wss://`, without a path. */
  readonly url: string
  /** Of the client for which it is read. */
  readonly token: string
  /** The hub is there, also once more: it has to be told what to send. */
  readonly opened: () => void
  /** The bytes of a batch count as read when this resolves. */
  readonly received: (frame: ServerFrame['frame']) => Promise<void>
  /** The hub takes this client no more, or sends what cannot be read; the link is closed then. */
  readonly failed: (error: WeirError) => void
}

/**
 * A connection to a hub for one client, by the protocol of docs/protocol.md, made again when it is
 * lost.
 */
export class HubLink {
  readonly #parts: HubLinkParts
  #socket: WebSocket | undefined
  #isOpen = false
  #attempt = 0
  #retry: ReturnType<typeof setTimeout> | undefined
  #closed = false

  constructor(parts: HubLinkParts) {
    this.#parts = parts
    this.#connect()
  }

  /** False where there is no connection: `opened` is called when there is one. */
  send(frame: ClientFrame['frame']): boolean {
    if (this.#isOpen) this.#send(frame)
    return this.#isOpen
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#retry)
    this.#socket?.close()
  }

  #send(frame: ClientFrame['frame']): void {
    this.#socket?.send(encodeClientFrame({ $typeName: 'weir.v1.ClientFrame', frame }))
  }

  #connect(): void {
    const socket = new WebSocket(`${this.#parts.url}/v1/ws`, 'weir.v1')
    socket.binaryType = 'arraybuffer'
    this.#socket = socket
    let reads: Promise<void> = Promise.resolve()
    socket.addEventListener('open', () => {
      const { token } = this.#parts
      const windowBytes = ingestLimits.mqttWindowBytes
      this.#send({ case: 'hello', value: { $typeName: 'weir.v1.Hello', token, client: 'mqtt', windowBytes } })
    })
    socket.addEventListener('message', ({ data }) => {
      reads = reads
        .then(() => this.#read(new Uint8Array(data as ArrayBuffer)))
        .catch((cause: unknown) =>
          this.#fail(new WeirError('internal', 'The hub sends what cannot be read.', { cause })),
        )
    })
    socket.addEventListener('close', ({ code, reason }) => {
      this.#isOpen = false
      if (this.#closed) return
      // 3006 is an expired token, of which there will be no other on this connection.
      if (!shouldReconnect(code) || code === 3006) {
        this.#fail(new WeirError('forbidden', `The hub closes with ${code}: ${reason}`))
        return
      }
      const waitMs = backoffMs(this.#attempt++, ingestLimits.mqttHubRetryMs, ingestLimits.mqttHubRetryMaxMs)
      this.#retry = setTimeout(() => this.#connect(), waitMs)
    })
    // Whatever it is, the close follows.
    socket.addEventListener('error', () => undefined)
  }

  #fail(error: WeirError): void {
    if (this.#closed) return
    this.close()
    this.#parts.failed(error)
  }

  async #read(bytes: Uint8Array): Promise<void> {
    if (this.#closed) return
    const { frame } = decodeServerFrame(bytes)
    if (frame.case === 'welcome') {
      this.#attempt = 0
      this.#isOpen = true
      this.#parts.opened()
      return
    }
    await this.#parts.received(frame)
    if (frame.case === 'batch') this.send({ case: 'ack', value: { $typeName: 'weir.v1.Ack', bytes: bytes.length } })
  }
}
