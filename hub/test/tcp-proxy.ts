import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { reset } from './reset.ts'

/**
 * A TCP proxy that swallows whatever comes, however slowly it passes it on, as proxies do; and that
 * can be cut.
 */
export class TcpProxy {
  readonly port: number
  /** The port that new connections go to. */
  target: number
  /** Bytes to the client that it holds. */
  held = 0
  readonly #server: Server
  readonly #sockets: Set<Socket> = new Set()
  #isCut = false

  private constructor(server: Server, target: number) {
    this.#server = server
    this.target = target
    this.port = (server.address() as { port: number }).port
  }

  static async start(target: number, options: TcpProxyOptions = {}): Promise<TcpProxy> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const proxy = new TcpProxy(server, target)
    server.on('connection', (client) => proxy.#accept(client, options))
    return proxy
  }

  /** Every connection breaks, and new ones are refused, until `mend`. */
  cut(): void {
    this.#isCut = true
    for (const socket of this.#sockets) reset(socket)
  }

  mend(): void {
    this.#isCut = false
  }

  close(): void {
    this.cut()
    this.#server.close()
  }

  #accept(client: Socket, { clientBytesPerSecond, filter }: TcpProxyOptions): void {
    if (this.#isCut) {
      reset(client)
      return
    }
    const server = connect(this.target, '127.0.0.1')
    this.#watch(client, server)
    this.#watch(server, client)
    client.on('data', (chunk) => server.write(chunk))
    const passed = filter?.() ?? ((chunk) => chunk)
    if (clientBytesPerSecond === undefined) server.on('data', (chunk) => client.write(passed(chunk)))
    else this.#trickle(server, client, clientBytesPerSecond)
  }

  #watch(socket: Socket, other: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.#sockets.delete(socket)
      other.destroy()
    })
  }

  #trickle(server: Socket, client: Socket, bytesPerSecond: number): void {
    const pace = 20
    const share = Math.ceil((bytesPerSecond * pace) / 1000)
    let queue = Buffer.alloc(0)
    server.on('data', (chunk) => {
      queue = Buffer.concat([queue, chunk])
      this.held += chunk.length
    })
    const timer = setInterval(() => {
      const part = queue.subarray(0, share)
      queue = queue.subarray(part.length)
      this.held -= part.length
      if (part.length > 0) client.write(part)
    }, pace)
    client.on('close', () => clearInterval(timer))
  }
}

export interface TcpProxyOptions {
  /** Bounds what it passes on from the server to each client; without it, it is at once. */
  readonly clientBytesPerSecond?: number
  /** Makes, for each connection, what says which of the server's bytes are passed on. */
  readonly filter?: () => (chunk: Buffer) => Buffer
}
