import type { NatsConnection } from '@nats-io/nats-core'
import type { NatsConnectionImpl } from '@nats-io/nats-core/internal'
import { onReconnect } from '../connection/reconnects.ts'
import { type LiveHandler, LiveParser, type LiveTap } from './live-parser.ts'

/**
 * Subscribes to everything below `prefix`. LiveParser reads its messages, as the client takes long
 * to hand them out.
 */
export function subscribeLive(nc: NatsConnection, prefix: string, handler: LiveHandler): { unsubscribe(): void } {
  const prefixLength = prefix.length + 1
  const subscription = nc.subscribe(`${prefix}.>`, {
    callback: (error, message) => {
      if (!error) handler(message.subject.slice(prefixLength), message.data, message)
    },
  })
  const taps = tapsOf(nc)
  const sid = subscription.getID()
  taps.set(sid, { prefixLength, handler })
  return {
    unsubscribe() {
      taps.delete(sid)
      subscription.unsubscribe()
    },
  }
}

/** Returns the subscriptions of a connection that LiveParser reads, by their number (sid). */
function tapsOf(nc: NatsConnection): Map<number, LiveTap> {
  const known = tapsByConnection.get(nc)
  if (known !== undefined) return known
  const taps = new Map<number, LiveTap>()
  tapsByConnection.set(nc, taps)
  readAhead(nc, taps)
  // The client makes a new parser each time it connects. Until we replace its method, that parser
  // serves the subscriptions.
  onReconnect(nc, () => readAhead(nc, taps))
  return taps
}

/**
 * Puts LiveParser before the client's parser. The client offers no interface for this, only a
 * public field.
 */
function readAhead(nc: NatsConnection, taps: ReadonlyMap<number, LiveTap>): void {
  const { parser } = (nc as NatsConnectionImpl).protocol
  const live = new LiveParser(parser, taps)
  parser.parse = (chunk) => live.parse(chunk)
}

const tapsByConnection = new WeakMap<NatsConnection, Map<number, LiveTap>>()
