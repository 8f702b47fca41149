import type { NatsConnection } from '@nats-io/nats-core'
import { watchConnection } from './connection-watch.ts'

/**
 * Calls `action` whenever the connection was lost and is there again: what was published meanwhile
 * was not heard. Whoever asks for this stops it.
 */
export function onReconnect(nc: NatsConnection, action: () => void): { stop(): void } {
  return watchConnection(nc, { restored: action })
}
