// The one file that knows uWebSockets.js. Its rules: a response or socket is void after its end, a request after the first
// await, and an inbound message after its callback.

import uws from 'uWebSockets.js'
import { STATUS_CODES } from 'node:http'
import { bearerToken } from '@weir/mesh'
import { asWeirError, httpStatus, WeirError } from '@weir/proto'
import type { Codec } from './codec.ts'
import { jsonCodec } from './codec-json.ts'
import { protobufCodec } from './codec-protobuf.ts'
import type { Hub } from './hub.ts'
import { limits } from './limits.ts'
import type { Link } from './link.ts'
import type { Session } from './session.ts'

export interface HubServer {
  readonly port: number
  close(): void
}

export interface HubServerOptions {
  readonly hub: Hub
  readonly host: string
  readonly port: number
  /** Whether other processes may listen on the same port (SO_REUSEPORT). */
  readonly shared: boolean
}

/** Listens for WebSockets at /v1/ws. Throws `unavailable` when the port is taken. */
export function listen(options: HubServerOptions): Promise<HubServer> {
  const { hub, host, port } = options
  const app = uws.App()
  app.ws<SocketData>('/v1/ws', {
    compression: uws.DISABLED,
    // The library drops a connection without a word; so up to here the session closes it with one.
    maxPayloadLength: 2 * limits.frameBytesMax,
    // The session decides what is sent; the transport must not drop it.
    maxBackpressure: 0,
    idleTimeout: limits.idleSeconds,
    upgrade: (response, request, context) => upgrade(hub, response, request, context),
    open: (socket) => {
      const data = socket.getUserData()
      data.session = hub.open(new SocketLink(socket, data.ip), data.codec, data.token)
    },
    message: (socket, message) => socket.getUserData().session?.receive(new Uint8Array(message)),
    // The library has answered it already.
    ping: (socket) => socket.getUserData().session?.pinged(),
    drain: (socket) => socket.getUserData().session?.drained(),
    close: (socket) => {
      const { session } = socket.getUserData()
      ;(session?.link as SocketLink | undefined)?.detach()
      if (session !== undefined) hub.closed(session)
    },
  })
  app.any('/v1/ws', (response) => refuse(response, notWebSocket(), versionHeader))
  app.any('/*', (response) => {
    refuse(
      response,
      new WeirError('not_found', 'The hub has GET /v1/ws (WebSocket) and GET /v1/sse (server-sent events).'),
    )
  })
  return new Promise((resolve, reject) => {
    const exclusive = options.shared ? listenShared : listenExclusive
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
const listenShared = 0
const listenExclusive = 1

interface ListenWithOptions {
  listen(host: string, port: number, options: number, done: (socket: uws.us_listen_socket | false) => void): void
}

interface SocketData {
  readonly ip: string
  readonly codec: Codec
  readonly token: string | undefined
  session?: Session
}

function upgrade(
  hub: Hub,
  response: uws.HttpResponse,
  request: uws.HttpRequest,
  context: uws.us_socket_context_t,
): void {
  try {
    checkHandshake(request)
    const offered = request
      .getHeader('sec-websocket-protocol')
      .split(',')
      .map((name) => name.trim())
      .filter(Boolean)
    const protocol = offered.find((name) => Object.hasOwn(codecs, name)) ?? (offered.length === 0 ? '' : undefined)
    if (protocol === undefined)
      throw new WeirError('malformed', `Offer one of the subprotocols ${Object.keys(codecs).join(', ')}.`)
    const token = bearerToken(request.getHeader('authorization')) ?? subprotocolToken(offered)
    const ip = Buffer.from(response.getRemoteAddressAsText()).toString()
    hub.admission.enter(ip, request.getHeader('origin'))
    response.upgrade<SocketData>(
      { ip, codec: codecs[protocol] ?? jsonCodec, token },
      request.getHeader('sec-websocket-key'),
      // The token's subprotocol is never echoed: it would stand in logs.
      protocol,
      request.getHeader('sec-websocket-extensions'),
      context,
    )
  } catch (thrown) {
    refuse(response, asWeirError(thrown), versionHeader)
  }
}

const codecs: Readonly<Record<string, Codec>> = { 'weir.v1': protobufCodec, 'weir.v1.json': jsonCodec }

/** What RFC 6455 section 4.2.1 asks of the request and the library does not look at. */
function checkHandshake(request: uws.HttpRequest): void {
  const isUpgrade =
    request.getHeader('upgrade').toLowerCase() === 'websocket' &&
    /\bupgrade\b/i.test(request.getHeader('connection')) &&
    request.getHeader('sec-websocket-version') === webSocketVersion
  if (!isUpgrade || !/^[A-Za-z0-9+/]{22}==$/.test(request.getHeader('sec-websocket-key'))) throw notWebSocket()
}

function notWebSocket(): WeirError {
  return new WeirError(
    'malformed',
    `GET /v1/ws is a WebSocket: it takes Upgrade: websocket, Sec-WebSocket-Version: ${webSocketVersion} and a key (RFC 6455 section 4.1).`,
  )
}

const webSocketVersion = '13'
/** RFC 6455 section 4.4: a server that refuses says which version it speaks. */
const versionHeader = [['sec-websocket-version', webSocketVersion]] as const

/** Browsers cannot set headers on a WebSocket, so a token may come as a subprotocol. */
function subprotocolToken(offered: readonly string[]): string | undefined {
  const carrier = offered.find((name) => name.startsWith(bearerProtocol))
  return carrier === undefined ? undefined : Buffer.from(carrier.slice(bearerProtocol.length), 'base64url').toString()
}

const bearerProtocol = 'weir.bearer.'

/** Answers with problem+json (RFC 9457). */
function refuse(
  response: uws.HttpResponse,
  error: WeirError,
  headers: readonly (readonly [string, string])[] = [],
): void {
  const status = httpStatus(error.code)
  response.cork(() => {
    response.writeStatus(`${status} ${STATUS_CODES[status]}`).writeHeader('content-type', 'application/problem+json')
    for (const [name, value] of headers) response.writeHeader(name, value)
    if (error.retryable) response.writeHeader('retry-after', String(1 + Math.floor(Math.random() * 5)))
    response.end(
      JSON.stringify({ type: 'about:blank', title: error.code, status, detail: error.message, code: error.code }),
    )
  })
}

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

  send(message: Uint8Array, binary: boolean): void {
    this.#socket?.send(message, binary, false)
  }

  close(code: number, reason: string): void {
    this.#socket?.end(code, reason)
  }

  /** The socket is void from here on. */
  detach(): void {
    this.#socket = undefined
  }
}
