import { type NatsConnection, wsconnect } from '@nats-io/nats-core'
import { WeirError } from '@weir/proto'
import { limits } from '../config/limits.ts'
import { inboxPrefixOf, setInboxPrefix } from './inbox.ts'

export interface WebSocketOptions {
  /** wss://user:password@host:port, or ws:// on a network that is trusted. */
  readonly url: string
  /** The service, as in connectNats. */
  readonly name: string
}

/**
 * Connects over WebSocket, for runtimes without TCP. As connectNats: throws `unavailable` when the
 * server does not take us, and makes a lost connection again for ever.
 */
export async function connectNatsByWebSocket({ url, name }: WebSocketOptions): Promise<NatsConnection> {
  const server = new URL(url)
  const inboxPrefix = inboxPrefixOf(name)
  let nc: NatsConnection
  try {
    nc = await wsconnect({
      servers: `${server.protocol}//${server.host}${server.pathname}`,
      ...(server.username === ''
        ? {}
        : { user: decodeURIComponent(server.username), pass: decodeURIComponent(server.password) }),
      name: `weir-${name}`,
      inboxPrefix,
      timeout: limits.natsConnectMs,
      pingInterval: limits.natsPingMs,
      maxReconnectAttempts: -1,
      ignoreAuthErrorAbort: true,
      noAsyncTraces: true,
    })
  } catch (cause) {
    throw new WeirError('unavailable', `NATS at ${server.host} does not take us over WebSocket.`, { cause })
  }
  setInboxPrefix(nc, inboxPrefix)
  return nc
}
