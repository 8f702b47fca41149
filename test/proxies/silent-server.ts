import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** A hub that takes event streams and WebSockets, and never says a word on them. */
export class SilentServer {
  readonly #server: Server
  readonly #sockets: Set<Socket | Duplex> = new Set()

  private constructor() {
    this.#server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' })
      response.flushHeaders()
    })
    this.#server.on('connection', (socket) => this.#sockets.add(socket))
    this.#server.on('upgrade', ({ headers }, socket) => {
      socket.on('error', () => undefined)
      // RFC 6455 section 4.2.2.
      const accept = createHash('sha1').update(`${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      const lines = [
        'HTTP/1.1 101 Switching Protocols',
        'Upgrade: websocket',
        'Connection: Upgrade',
        `Sec-WebSocket-Accept: ${accept.digest('base64')}`,
        `Sec-WebSocket-Protocol: ${headers['sec-websocket-protocol']}`,
      ]
      socket.write(`${lines.join('\r\n')}\r\n\r\n`)
    })
  }

  static async start(): Promise<SilentServer> {
    const silent = new SilentServer()
    silent.#server.listen(0, '127.0.0.1')
    await once(silent.#server, 'listening')
    return silent
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
