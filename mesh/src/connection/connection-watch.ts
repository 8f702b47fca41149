import type { NatsConnection } from '@nats-io/nats-core'

/** Hears what happens to a connection. */
export interface ConnectionListener {
  /** The connection is gone: what was asked over it is never answered. */
  lost?(): void
  /** It is there again: what was published meanwhile was not heard. */
  restored?(): void
  /** It is closed for good. */
  closed?(): void
  /** The server complains of something, as of a publish that the user may not make. */
  fault?(error: Error): void
}

/** Tells a listener until it is stopped, in the order in which listeners came. */
export function watchConnection(nc: NatsConnection, listener: ConnectionListener): { stop(): void } {
  const { listeners } = watchOf(nc)
  listeners.add(listener)
  return { stop: () => void listeners.delete(listener) }
}

/** Whether the connection is there, as far as this side knows. */
export function isConnected(nc: NatsConnection): boolean {
  return watchOf(nc).connected && !nc.isClosed()
}

interface Watch {
  connected: boolean
  readonly listeners: Set<ConnectionListener>
}

/** One reader of the client's statuses serves all listeners of a connection. */
function watchOf(nc: NatsConnection): Watch {
  const known = watches.get(nc)
  if (known !== undefined) return known
  const watch: Watch = { connected: true, listeners: new Set() }
  watches.set(nc, watch)
  void read(nc, watch)
  return watch
}

async function read(nc: NatsConnection, watch: Watch): Promise<void> {
  const tell = (action: (listener: ConnectionListener) => void): void => {
    for (const listener of watch.listeners) action(listener)
  }
  for await (const status of nc.status()) {
    switch (status.type) {
      case 'disconnect':
        watch.connected = false
        tell((listener) => listener.lost?.())
        break
      case 'reconnect':
        watch.connected = true
        tell((listener) => listener.restored?.())
        break
      case 'error':
        tell((listener) => listener.fault?.(status.error))
    }
  }
  watch.connected = false
  tell((listener) => listener.closed?.())
  watch.listeners.clear()
}

const watches = new WeakMap<NatsConnection, Watch>()
