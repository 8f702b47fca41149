// The one file that knows uWebSockets.js. Its rules: a response or socket is void after its end, a
// request after the first await, and an inbound message after its callback.

import uws from 'uWebSockets.js'
import { STATUS_CODES } from 'node:http'
import { type Network, problemParts, secureHeaders } from '@weir/mesh'
import { asWeirError, WeirError } from '@weir/proto'
import type { Hub } from '../hub/hub.ts'
import { limits } from '../limits.ts'
import type { Dialect } from '../session/dialect.ts'
import type { Link } from '../session/link.ts'
import type { Session } from '../session/session.ts'
import { ClientAddresses } from './client-addresses.ts'
import { readFraming } from './framing.ts'
import { endpoints, notWebSocket, readHandshake, versionHeader } from './handshake.ts'
import type { HttpEdge } from './http-edge.ts'
import type { BodyStream, HttpAnswer, HttpExchange, HttpHeaders, HttpRequest } from './http-exchange.ts'

export interface HubServer {
  readonly port: number
  close(): void
}

export interface HubServerOptions {
  readonly hub: Hub
  /** Serves whatever is no WebSocket. */
  readonly edge: HttpEdge
  readonly host: string
  readonly port: number
  readonly trustedProxies: readonly Network[]
  /** A peer that is silent for longer, though it was pinged, is gone. */
  readonly idleSeconds: number
  /** Whether other processes may listen on the same port (SO_REUSEPORT). */
  readonly shared: boolean
}

/** Listens for WebSockets, and for HTTP. Throws `unavailable` when the port is taken. */
export function listen(options: HubServerOptions): Promise<HubServer> {
  const { hub, edge, host, port, idleSeconds } = options
  const app = uws.App()
  const addresses = new ClientAddresses(options.trustedProxies)
  const exchangeOf = (response: uws.HttpResponse, request: uws.HttpRequest): UwsExchange =>
    new UwsExchange(response, request, clientAddress(addresses, response, request))
  const behavior: uws.WebSocketBehavior<SocketData> = {
    compression: uws.DISABLED,
    // The library drops a connection without a word; so up to here the session closes it with one.
    maxPayloadLength: 2 * limits.frameBytesMax,
    // The session decides what is sent; the transport must not drop it.
    maxBackpressure: 0,
    idleTimeout: idleSeconds,
    upgrade: (response, request, context) =>
      upgrade(hub, clientAddress(addresses, response, request), response, request, context),
    open: (socket) => {
      const data = socket.getUserData()
      const { ip, dialect, token } = data.arrival as Arrival
      data.arrival = undefined
      data.session = hub.open(new SocketLink(socket, ip), dialect, token)
    },
    message: (socket, message) => socket.getUserData().session?.receive(new Uint8Array(message)),
    // The library has answered it already.
    ping: (socket) => socket.getUserData().session?.pinged(),
    // Those that the library asked for by itself carry nothing.
    pong: (socket, message) => {
      if (message.byteLength > 0) socket.getUserData().session?.pongReceived()
    },
    drain: (socket) => socket.getUserData().session?.drained(),
    close: (socket) => {
      const { session } = socket.getUserData()
      ;(session?.link as SocketLink | undefined)?.detach()
      if (session !== undefined) hub.closed(session)
    },
  }
  for (const path of Object.keys(endpoints)) {
    app.ws<SocketData>(path, behavior)
    app.any(path, (response, request) => refuse(exchangeOf(response, request), notWebSocket(path)))
  }
  app.any('/*', (response, request) => void edge.handle(exchangeOf(response, request)))
  return new Promise((resolve, reject) => {
    const exclusive = options.shared ? LISTEN_SHARED : LISTEN_EXCLUSIVE
    const listening = (socket: uws.us_listen_socket | false): void => {
      if (socket === false) {
        reject(
          new WeirError('unavailable', `Port ${port} of ${host} is taken; WEIR_HUB_PORT or WEIR_PORT_BASE moves it.`),
        )
      } else resolve({ port: uws.us_socket_local_port(socket), close: () => void app.close() })
    }
    // The type lacks this form of listen, which the library has.
    ;(app as unknown as ListenWithOptions).listen(host, port, exclusive, listening)
  })
}

// uWS.ListenOptions, which is a type alone.
const LISTEN_SHARED = 0
const LISTEN_EXCLUSIVE = 1

interface ListenWithOptions {
  listen(host: string, port: number, options: number, done: (socket: uws.us_listen_socket | false) => void): void
}

/** The library makes each a property of its socket, so there are few. */
interface SocketData {
  /** Until it is open. */
  arrival: Arrival | undefined
  session: Session | undefined
}

interface Arrival {
  readonly ip: string
  readonly dialect: Dialect
  readonly token: string | undefined
}

function upgrade(
  hub: Hub,
  ip: string,
  response: uws.HttpResponse,
  request: uws.HttpRequest,
  context: uws.us_socket_context_t,
): void {
  try {
    const framing = readFraming((take) => request.forEach(take))
    const path = request.getUrl()
    if (framing.hasBody) throw framing.fault ?? notWebSocket(path)
    const { dialect, protocol, token } = readHandshake(path, request.getQuery(), (name) => request.getHeader(name))
    hub.admission.enter(ip, request.getHeader('origin'))
    response.upgrade<SocketData>(
      { arrival: { ip, dialect, token }, session: undefined },
      request.getHeader('sec-websocket-key'),
      protocol,
      request.getHeader('sec-websocket-extensions'),
      context,
    )
  } catch (thrown) {
    const error = asWeirError(thrown)
    hub.onRefuse(error.code)
    refuse(new UwsExchange(response, request, ip), error)
  }
}

function refuse(exchange: UwsExchange, error: WeirError): void {
  exchange.answer(problemParts(error, { headers: versionHeader }))
}

function clientAddress(addresses: ClientAddresses, response: uws.HttpResponse, request: uws.HttpRequest): string {
  const peer = Buffer.from(response.getRemoteAddressAsText()).toString()
  return addresses.of(peer, (take) => request.forEach(take))
}

/** Tells the hub's own pings from those of the library. */
const pingPayload = 'w'

// What WebSocket.send answers when the system has taken everything.
const SENT_WHOLE = 1

class SocketLink implements Link {
  readonly ip: string
  #socket: uws.WebSocket<SocketData> | undefined

  constructor(socket: uws.WebSocket<SocketData>, ip: string) {
    this.ip = ip
    this.#socket = socket
  }

  get bufferedBytes(): number {
    return this.#socket?.getBufferedAmount() ?? 0
  }

  send(message: Uint8Array, binary: boolean): boolean {
    return this.#socket?.send(message, binary, false) === SENT_WHOLE
  }

  ping(): void {
    this.#socket?.ping(pingPayload)
  }

  close(code: number, reason: string): void {
    this.#socket?.end(code, reason)
  }

  /** The socket is void from here on. */
  detach(): void {
    this.#socket = undefined
  }
}

class UwsExchange implements HttpExchange {
  readonly request: HttpRequest
  #response: uws.HttpResponse | undefined
  #whenGone: (() => void) | undefined

  constructor(response: uws.HttpResponse, request: uws.HttpRequest, ip: string) {
    this.#response = response
    this.request = {
      method: request.getCaseSensitiveMethod(),
      path: request.getUrl(),
      query: new URLSearchParams(request.getQuery()),
      ip,
      authorization: request.getHeader('authorization'),
      origin: request.getHeader('origin'),
      lastEventId: request.getHeader('last-event-id'),
      userAgent: request.getHeader('user-agent'),
      framing: readFraming((take) => request.forEach(take)),
    }
    response.onAborted(() => {
      this.#response = undefined
      this.#whenGone?.()
    })
  }

  get ended(): boolean {
    return this.#response === undefined
  }

  onGone(handler: () => void): void {
    this.#whenGone = handler
  }

  answer(answer: HttpAnswer): void {
    // The library goes on with what came in the same read, whatever it was asked to close; while an
    // answer is outstanding it ends the connection instead. So whoever hides a request behind a
    // body gets no answer to either.
    if (this.request.framing.hasBody) setImmediate(() => this.#end(answer, true))
    else this.#end(answer, false)
  }

  #end({ status, headers, body }: HttpAnswer, andClose: boolean): void {
    const response = this.#response
    this.#response = undefined
    response?.cork(() => {
      writeHead(response, status, headers)
      // With a length that it does not send, the library would wait for the rest for ever.
      if (status !== 204 && this.request.method !== 'HEAD') response.end(body, andClose)
      else if (andClose) response.endWithoutBody(0, true)
      else response.endWithoutBody()
    })
  }

  stream(headers: HttpHeaders): BodyStream {
    const response = (): uws.HttpResponse | undefined => this.#response
    response()?.cork(() => writeHead(response() as uws.HttpResponse, 200, headers))
    return {
      write(part) {
        let empty = true
        response()?.cork(() => {
          empty = response()?.write(part) ?? true
        })
        return empty
      },
      onWritable(handler) {
        response()?.onWritable(() => {
          handler()
          return true
        })
      },
      // Resuming sets the library's deadline for a peer that takes nothing anew; there is no other
      // way to.
      hold() {
        response()?.pause()
        response()?.resume()
      },
      end: () => {
        const ending = this.#response
        this.#response = undefined
        // The library would write `Connection: close` into the body, were it asked to close.
        ending?.cork(() => void ending.end())
      },
    }
  }
}

function writeHead(response: uws.HttpResponse, status: number, headers: HttpHeaders): void {
  response.writeStatus(`${status} ${STATUS_CODES[status] ?? ''}`)
  for (const [name, value] of Object.entries({ ...secureHeaders, ...headers })) response.writeHeader(name, value)
}
