import { once } from 'node:events'
import { type ClientHttp2Session, connect, constants } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import { encodeFrame, opcode } from '../../hub/test/raw-socket.ts'

/** One connection to a proxy by HTTP/2, as a browser has one for everything. */
export class Http2Connection {
  readonly #session: ClientHttp2Session
  readonly #prefix: string
  readonly #token: string

  private constructor(session: ClientHttp2Session, prefix: string, token: string) {
    this.#session = session
    this.#prefix = prefix
    this.#token = token
  }

  static async open(base: string, token: string): Promise<Http2Connection> {
    const { origin, pathname } = new URL(base)
    const session = connect(origin)
    await once(session, 'remoteSettings')
    return new Http2Connection(session, pathname, token)
  }

  /** What was agreed on in the TLS handshake. */
  get protocol(): string | false | null {
    return (this.#session.socket as TLSSocket).alpnProtocol
  }

  get takesWebSockets(): boolean {
    return this.#session.remoteSettings.enableConnectProtocol === true
  }

  /** A GET whose answer goes on. */
  get(path: string): Incoming {
    return new Incoming(this.#session, { ':path': this.#prefix + path, authorization: `Bearer ${this.#token}` })
  }

  /** Posts JSON; the answer. */
  async post(path: string, body: unknown): Promise<unknown> {
    const text = Buffer.from(JSON.stringify(body))
    const headers = { 'content-type': 'application/json', 'content-length': String(text.length) }
    const answer = new Incoming(
      this.#session,
      { ':method': 'POST', ':path': this.#prefix + path, authorization: `Bearer ${this.#token}`, ...headers },
      text,
    )
    await answer.ended
    return JSON.parse(answer.text)
  }

  /** A WebSocket in a stream of this connection (RFC 8441), which says Hello by `weir.v1.json`. */
  webSocket(): Incoming {
    const hello = JSON.stringify({ type: 'hello', token: this.#token, client: 'http2' })
    const headers = {
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':path': `${this.#prefix}/v1/ws`,
      'sec-websocket-version': '13',
      'sec-websocket-protocol': 'weir.v1.json',
    }
    return new Incoming(this.#session, headers, undefined, encodeFrame(opcode.text, hello))
  }

  close(): void {
    this.#session.destroy()
  }
}

/** What comes as the answer to a request. */
export class Incoming {
  status = 0
  text = ''
  readonly ended: Promise<unknown>
  isOver = false

  /** `afterwards` is sent when the answer has begun, and the stream stays open then. */
  constructor(session: ClientHttp2Session, headers: Record<string, string>, body?: Buffer, afterwards?: Buffer) {
    const endStream = body === undefined && afterwards === undefined
    const stream = session.request({ ':scheme': 'https', ...headers }, { endStream })
    stream.setEncoding('latin1')
    stream.on('response', (answer) => {
      this.status = Number(answer[constants.HTTP2_HEADER_STATUS])
      if (afterwards !== undefined) stream.write(afterwards)
    })
    stream.on('data', (chunk: string) => {
      this.text += chunk
    })
    // That it has ended is what is looked at, not how.
    stream.on('error', () => undefined)
    this.ended = once(stream, 'close').catch(() => undefined)
    void this.ended.then(() => {
      this.isOver = true
    })
    if (body !== undefined) stream.end(body)
  }
}
