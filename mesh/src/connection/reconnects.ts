import type { NatsConnection, Status } from '@nats-io/nats-core'

/**
 * Calls `action` whenever the connection was lost and is there again: what was published meanwhile was not heard. Whoever asks
 * for this stops it.
 */
export function onReconnect(nc: NatsConnection, action: () => void): { stop(): void } {
  // The type does not say it, but the iterator can be stopped; `return` would wait for the next status.
  const statuses = nc.status() as AsyncIterable<Status> & { stop(): void }
  void (async () => {
    for await (const { type } of statuses) if (type === 'reconnect') action()
  })()
  return statuses
}
