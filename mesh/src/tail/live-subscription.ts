import type { NatsConnection } from '@nats-io/nats-core'
import { readAhead } from '../connection/read-ahead.ts'
import { type LiveHandler, LiveTap } from './live-tap.ts'

/**
 * Subscribes to everything below `prefix`. LiveTap reads its messages, as the client takes long to
 * hand them out.
 */
export function subscribeLive(nc: NatsConnection, prefix: string, handler: LiveHandler): { unsubscribe(): void } {
  const prefixLength = prefix.length + 1
  const subscription = nc.subscribe(`${prefix}.>`, {
    callback: (error, message) => {
      if (!error) handler(message.subject.slice(prefixLength), message.data, message)
    },
  })
  const ahead = readAhead(nc, subscription, new LiveTap(prefixLength, handler))
  return {
    unsubscribe() {
      ahead.stop()
      subscription.unsubscribe()
    },
  }
}
