import { bearerToken } from '@weir/mesh'
import { WeirError } from '@weir/proto'
import { jsonCodec } from '../codec/codec-json.ts'
import { protobufCodec } from '../codec/codec-protobuf.ts'
import type { Codec } from '../engine/delivery/codec.ts'

/** What a client asks for when it opens a WebSocket. */
export interface Handshake {
  readonly codec: Codec
  /**
   * The subprotocol to answer with; empty when none was offered. The token's is never echoed: it
   * would stand in logs.
   */
  readonly protocol: string
  /** From the Authorization header or a subprotocol; one in Hello comes first. */
  readonly token: string | undefined
}

/** The subprotocols; a client that offers none gets JSON. */
export const codecs: Readonly<Record<string, Codec>> = { 'weir.v1': protobufCodec, 'weir.v1.json': jsonCodec }

/**
 * What precedes the token, in base64url, in the name of a subprotocol: browsers cannot set headers
 * on a WebSocket.
 */
export const bearerProtocol = 'weir.bearer.'

/**
 * Throws `malformed` for what is no handshake (RFC 6455 section 4.2.1; the library does not look at
 * all of it).
 */
export function readHandshake(header: (name: string) => string): Handshake {
  const isUpgrade =
    header('upgrade').toLowerCase() === 'websocket' &&
    /\bupgrade\b/i.test(header('connection')) &&
    header('sec-websocket-version') === webSocketVersion
  if (!isUpgrade || !/^[A-Za-z0-9+/]{22}==$/.test(header('sec-websocket-key'))) throw notWebSocket()
  const offered = header('sec-websocket-protocol')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean)
  const protocol = offered.find((name) => Object.hasOwn(codecs, name)) ?? ''
  if (protocol === '' && offered.length > 0)
    throw new WeirError('malformed', `Offer one of the subprotocols ${Object.keys(codecs).join(', ')}.`)
  const token = bearerToken(header('authorization')) ?? offeredToken(offered)
  return { codec: codecs[protocol] ?? jsonCodec, protocol, token }
}

export function notWebSocket(): WeirError {
  return new WeirError(
    'malformed',
    `GET /v1/ws is a WebSocket: it takes Upgrade: websocket, Sec-WebSocket-Version: ${webSocketVersion} and a key (RFC 6455 section 4.1).`,
  )
}

function offeredToken(offered: readonly string[]): string | undefined {
  const carrier = offered.find((name) => name.startsWith(bearerProtocol))
  return carrier === undefined ? undefined : Buffer.from(carrier.slice(bearerProtocol.length), 'base64url').toString()
}

const webSocketVersion = '13'

/** RFC 6455 section 4.4: a server that refuses says which version it speaks. */
export const versionHeader: Readonly<Record<string, string>> = { 'sec-websocket-version': webSocketVersion }
