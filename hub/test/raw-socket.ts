import { connect, type Socket } from 'node:net'
import { reset } from './reset.ts'
import { patienceMs } from './until.ts'

/** RFC 6455 section 5.2. */
export const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

export interface RawFrame {
  readonly opcode: number
  readonly payload: Buffer
}

/** How a frame deviates from a whole one that is masked, as clients must. */
export interface FrameOptions {
  readonly fin?: boolean
  /** The three reserved bits, 0 to 7. */
  readonly rsv?: number
  readonly masked?: boolean
  /** The length that the header claims. */
  readonly length?: number
}

/** A TCP connection to a hub, on which a test says what it likes, byte for byte. */
export class RawSocket {
  readonly socket: Socket
  #received: Buffer = Buffer.alloc(0)
  #ended = false
  #wake = (): void => {}

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#wake()
    })
    // A reset is one of the answers that are looked for.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.#ended = true
      this.#wake()
    })
    socket.on('end', () => socket.destroy())
  }

  static connect(port: number): Promise<RawSocket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true }, () =>
        resolve(new RawSocket(socket)),
      )
      socket.once('error', reject)
    })
  }

  /** A connection after the handshake of a WebSocket. */
  static async open(port: number, protocol = 'weir.v1.json', path = '/v1/ws'): Promise<RawSocket> {
    const raw = await RawSocket.connect(port)
    raw.write(upgradeRequest({ 'Sec-WebSocket-Protocol': protocol }, `GET ${path} HTTP/1.1`))
    const head = await raw.head()
    if (!head.startsWith('HTTP/1.1 101 ')) throw new Error(`no upgrade: ${head}`)
    return raw
  }

  write(bytes: string | Uint8Array): void {
    this.socket.write(bytes)
  }

  send(code: number, payload: string | Uint8Array = '', options: FrameOptions = {}): void {
    this.write(encodeFrame(code, payload, options))
  }

  /**
   * The status line and headers of an HTTP answer; what there was before the connection ended, if
   * it did.
   */
  async head(): Promise<string> {
    await this.#until(() => this.#received.includes('\r\n\r\n'))
    const end = this.#received.indexOf('\r\n\r\n')
    const head = this.#received.subarray(0, end < 0 ? this.#received.length : end + 4)
    this.#received = this.#received.subarray(head.length)
    return head.toString()
  }

  /** What came after the head until the peer closed the connection. */
  async rest(): Promise<string> {
    await this.#until(() => false)
    return this.#received.toString()
  }

  /** The next frame; undefined when the connection ended instead. */
  async frame(): Promise<RawFrame | undefined> {
    await this.#until(() => frameEnd(this.#received) !== undefined)
    const end = frameEnd(this.#received)
    if (end === undefined) return undefined
    const bytes = this.#received.subarray(0, end)
    this.#received = this.#received.subarray(end)
    return { opcode: (bytes[0] as number) & 15, payload: bytes.subarray(payloadStart(bytes)) }
  }

  /** The next message as JSON; throws when the connection ends first. */
  async json(): Promise<Record<string, unknown>> {
    for (;;) {
      const frame = await this.frame()
      if (frame === undefined || frame.opcode === opcode.close) throw new Error('the connection ended')
      if (frame.opcode === opcode.text) return JSON.parse(frame.payload.toString()) as Record<string, unknown>
    }
  }

  /** Reads until the connection ends; the code of the close frame, if one came. */
  async closeCode(): Promise<number | undefined> {
    let code: number | undefined
    for (let frame = await this.frame(); frame !== undefined; frame = await this.frame()) {
      if (frame.opcode === opcode.close) code = frame.payload.length < 2 ? 1005 : frame.payload.readUInt16BE(0)
    }
    return code
  }

  get ended(): boolean {
    return this.#ended
  }

  /** Ends the connection with a reset, so that no port is left in TIME_WAIT. */
  reset(): void {
    if (!this.socket.destroyed) reset(this.socket)
  }

  async #until(condition: () => boolean): Promise<void> {
    const deadline = Date.now() + patienceMs
    while (!condition() && !this.#ended) {
      if (Date.now() > deadline)
        throw new Error(`nothing more came: ${this.#received.toString('latin1').slice(0, 200)}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 250)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }
}

/** A request to upgrade; a header that is given as undefined is left out. */
export function upgradeRequest(
  headers: Readonly<Record<string, string | undefined>> = {},
  line = 'GET /v1/ws HTTP/1.1',
): string {
  const all = {
    Host: 'hub',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Protocol': 'weir.v1.json',
    ...headers,
  }
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]))
  return [line, ...lines, '', ''].join('\r\n')
}

export function encodeFrame(code: number, payload: string | Uint8Array = '', options: FrameOptions = {}): Buffer {
  const { fin = true, rsv = 0, masked = true } = options
  const body = Buffer.from(payload)
  const length = options.length ?? body.length
  const extended = length > 65_535 ? 8 : length > 125 ? 2 : 0
  const head = Buffer.alloc(2 + extended)
  head[0] = (fin ? 128 : 0) | (rsv << 4) | code
  head[1] = (masked ? 128 : 0) | (extended === 8 ? 127 : extended === 2 ? 126 : length)
  if (extended === 2) head.writeUInt16BE(length, 2)
  if (extended === 8) head.writeBigUInt64BE(BigInt(length), 2)
  if (!masked) return Buffer.concat([head, body])
  return Buffer.concat([head, mask, body.map((byte, at) => byte ^ (mask[at & 3] as number))])
}

const mask = Buffer.from([0x12, 0x34, 0x56, 0x78])

/** Where the payload of a frame from a server begins. */
function payloadStart(bytes: Buffer): number {
  const length = (bytes[1] as number) & 127
  return length === 127 ? 10 : length === 126 ? 4 : 2
}

/** Where the first frame ends; undefined when it is not whole yet. */
function frameEnd(bytes: Buffer): number | undefined {
  if (bytes.length < 2) return undefined
  const start = payloadStart(bytes)
  if (bytes.length < start) return undefined
  const short = (bytes[1] as number) & 127
  const length = short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short
  return bytes.length < start + length ? undefined : start + length
}
