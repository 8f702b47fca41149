import type { NatsConnection, Subscription } from '@nats-io/nats-core'
import type { NatsConnectionImpl } from '@nats-io/nats-core/internal'
import { FrameParser, type FrameTap } from './frame-parser.ts'
import { onReconnect } from './reconnects.ts'

/**
 * Lets a tap hear the messages of a subscription before the client makes objects of them, until it
 * is stopped. The subscription's callback gets what the tap leaves.
 */
export function readAhead(nc: NatsConnection, subscription: Subscription, tap: FrameTap): { stop(): void } {
  const taps = tapsOf(nc)
  const sid = subscription.getID()
  taps.set(sid, tap)
  return { stop: () => void taps.delete(sid) }
}

/** Returns the subscriptions of a connection that FrameParser reads, by their number (sid). */
function tapsOf(nc: NatsConnection): Map<number, FrameTap> {
  const known = tapsByConnection.get(nc)
  if (known !== undefined) return known
  const taps = new Map<number, FrameTap>()
  tapsByConnection.set(nc, taps)
  putAhead(nc, taps)
  // The client makes a new parser each time it connects. Until we replace its method, that parser
  // serves the subscriptions.
  onReconnect(nc, () => putAhead(nc, taps))
  return taps
}

/**
 * Puts FrameParser before the client's parser. The client offers no interface for this, only a
 * public field.
 */
function putAhead(nc: NatsConnection, taps: ReadonlyMap<number, FrameTap>): void {
  const { parser } = (nc as NatsConnectionImpl).protocol
  const frames = new FrameParser(parser, taps)
  parser.parse = (chunk) => frames.parse(chunk)
}

const tapsByConnection = new WeakMap<NatsConnection, Map<number, FrameTap>>()
