import { bearerToken } from '@weir/mesh'
import { WeirError } from '@weir/proto'
import { CentrifugeDialect } from '../session/centrifuge/centrifuge-dialect.ts'
import type { Dialect } from '../session/dialect.ts'
import { jsonDialect, protobufDialect } from '../session/weir-dialect.ts'

/** What a client asks for when it opens a WebSocket. */
export interface Handshake {
  readonly dialect: Dialect
  /**
   * The subprotocol to answer with; empty when none was offered. The token's is never echoed: it
   * would stand in logs.
   */
  readonly protocol: string
  /**
   * From the Authorization header or a subprotocol; one that is said on the connection comes first.
   */
  readonly token: string | undefined
}

/** What is spoken at one path, by subprotocol. */
interface Endpoint {
  readonly dialects: Readonly<Record<string, () => Dialect>>
  /** For a client that offers none. */
  fallback(query: URLSearchParams): Dialect
}

/** The subprotocols of weir.v1; a client that offers none gets JSON. */
export const weirDialects: Readonly<Record<string, () => Dialect>> = {
  'weir.v1': () => protobufDialect,
  'weir.v1.json': () => jsonDialect,
}

/** Where WebSockets are. */
export const endpoints: Readonly<Record<string, Endpoint>> = {
  '/v1/ws': { dialects: weirDialects, fallback: () => jsonDialect },
  '/connection/websocket': {
    dialects: {
      'centrifuge-protobuf': () => new CentrifugeDialect('protobuf'),
      'centrifuge-json': () => new CentrifugeDialect('json'),
    },
    fallback: (query) => new CentrifugeDialect(query.get('format') === 'protobuf' ? 'protobuf' : 'json'),
  },
}

/**
 * What precedes the token, in base64url, in the name of a subprotocol: browsers cannot set headers
 * on a WebSocket.
 */
export const bearerProtocol = 'weir.bearer.'

/**
 * Throws `malformed` for what is no handshake (RFC 6455 section 4.2.1; the library does not look at
 * all of it).
 */
export function readHandshake(path: string, query: string, header: (name: string) => string): Handshake {
  const isUpgrade =
    header('upgrade').toLowerCase() === 'websocket' &&
    /\bupgrade\b/i.test(header('connection')) &&
    header('sec-websocket-version') === webSocketVersion
  if (!isUpgrade || !/^[A-Za-z0-9+/]{22}==$/.test(header('sec-websocket-key'))) throw notWebSocket(path)
  const offered = header('sec-websocket-protocol')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean)
  const { dialects, fallback } = endpoints[path] as Endpoint
  const protocol = offered.find((name) => Object.hasOwn(dialects, name)) ?? ''
  if (protocol === '' && offered.length > 0)
    throw new WeirError('malformed', `Offer one of the subprotocols ${Object.keys(dialects).join(', ')}.`)
  const token = bearerToken(header('authorization')) ?? offeredToken(offered)
  const dialect = dialects[protocol]?.() ?? fallback(new URLSearchParams(query))
  return { dialect, protocol, token }
}

export function notWebSocket(path: string): WeirError {
  return new WeirError(
    'malformed',
    `GET ${path} is a WebSocket: it takes Upgrade: websocket, Sec-WebSocket-Version: ${webSocketVersion} and a key (RFC 6455 section 4.1).`,
  )
}

function offeredToken(offered: readonly string[]): string | undefined {
  const carrier = offered.find((name) => name.startsWith(bearerProtocol))
  return carrier === undefined ? undefined : Buffer.from(carrier.slice(bearerProtocol.length), 'base64url').toString()
}

const webSocketVersion = '13'

/** RFC 6455 section 4.4: a server that refuses says which version it speaks. */
export const versionHeader: Readonly<Record<string, string>> = { 'sec-websocket-version': webSocketVersion }
