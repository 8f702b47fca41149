import { AuthorizationError, type NatsConnection } from '@nats-io/nats-core'
import { connect } from '@nats-io/transport-node'
import { backoffMs, WeirError } from '@weir/proto'
import { limits } from '../config/limits.ts'
import type { Health } from '../run/health.ts'
import type { Logger } from '../run/log.ts'
import { inboxPrefixOf, setInboxPrefix } from './inbox.ts'
import type { NatsAccess } from './nats-access.ts'

export type { NatsConnection } from '@nats-io/nats-core'

export interface ConnectOptions extends NatsAccess {
  /**
   * The service: how the server lists the connection, and the prefix of its inboxes,
   * `_INBOX_<name>`.
   */
  readonly name: string
  readonly log: Logger
  /** Its part `nats` follows the connection. */
  readonly health?: Health
}

/**
 * Connects, or throws `unavailable` when no server takes us. Afterwards a lost connection is made
 * again for ever; while there is none, what is published may be dropped, so the Publisher and the
 * tail wait for the status `reconnect`.
 */
export async function connectNats(options: ConnectOptions): Promise<NatsConnection> {
  const { url, tls, name, log, health } = options
  const servers = url.split(',').map((server) => new URL(server.trim()))
  const [first] = servers
  const inboxPrefix = inboxPrefixOf(name)
  const usesTls = tls !== undefined || first?.protocol === 'tls:'
  let attempt = 0
  let nc: NatsConnection
  try {
    nc = await connect({
      servers: servers.map((server) => server.host),
      ...(first?.username
        ? { user: decodeURIComponent(first.username), pass: decodeURIComponent(first.password) }
        : {}),
      ...(usesTls ? { tls: { ...tls } } : {}),
      name: `weir-${name}`,
      inboxPrefix,
      timeout: limits.natsConnectMs,
      pingInterval: limits.natsPingMs,
      maxReconnectAttempts: -1,
      reconnectDelayHandler: () =>
        limits.natsReconnectMs + backoffMs(attempt++, limits.natsReconnectMs, limits.natsReconnectMaxMs),
      ignoreAuthErrorAbort: true,
      noAsyncTraces: true,
    })
  } catch (cause) {
    throw connectError(cause, servers.map((server) => server.host).join(', '), usesTls)
  }
  setInboxPrefix(nc, inboxPrefix)
  health?.set('nats', true)
  void watch(nc, log, health, () => {
    attempt = 0
  })
  return nc
}

function connectError(cause: unknown, hosts: string, usesTls: boolean): WeirError {
  return new WeirError('unavailable', connectProblem(cause, hosts, usesTls), { cause })
}

function connectProblem(cause: unknown, hosts: string, usesTls: boolean): string {
  const said = cause instanceof Error ? cause.message : ''
  if (/authentication timeout/i.test(said)) {
    return `NATS at ${hosts} did not get the login in time: this machine or that one is overloaded. Start this service again.`
  }
  if (cause instanceof AuthorizationError) {
    return `NATS at ${hosts} refuses the user in WEIR_NATS_URL, or its password.`
  }
  if (/certificate|self.signed|\b(tls|ssl)\b/i.test(said)) {
    return `NATS at ${hosts} and this service do not agree on TLS (${said}): see WEIR_NATS_CA, WEIR_NATS_CERT and WEIR_NATS_KEY.`
  }
  // A server that refuses a certificate closes the connection without a word.
  if (usesTls) {
    return `NATS at ${hosts} does not answer, or it refuses the certificate of this service: see WEIR_NATS_URL, WEIR_NATS_CERT and the log of NATS.`
  }
  return `NATS at ${hosts} does not answer: start it, or say in WEIR_NATS_URL where it is.`
}

async function watch(nc: NatsConnection, log: Logger, health: Health | undefined, reset: () => void): Promise<void> {
  for await (const status of nc.status()) {
    switch (status.type) {
      case 'disconnect':
        health?.set('nats', false, 'disconnected')
        log.warn({ server: status.server }, 'NATS disconnected')
        break
      case 'reconnect':
        reset()
        health?.set('nats', true)
        log.info({ server: status.server }, 'NATS reconnected')
        break
      case 'error':
        log.error({ err: status.error }, 'NATS reported an error')
        break
      default:
        log.debug({ status: status.type }, 'NATS')
    }
  }
  health?.set('nats', false, 'closed')
}
