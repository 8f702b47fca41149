import { create } from '@bufbuild/protobuf'
import { type Cursor, cursorToWire, GapSchema, type ServerFrame, type Start, SubscribedSchema } from '@weir/proto'

/** Says how a subscription begins, and where. */
export function subscribedFrame(id: number, channel: number, cursor: Cursor, start: Start): ServerFrame['frame'] {
  return { case: 'subscribed', value: create(SubscribedSchema, { id, channel, cursor: cursorToWire(cursor), start }) }
}

/** Says that the entries in (from, to] were not and will not be sent. */
export function gapFrame(id: number, from: number, to: number, reason: GapReason): ServerFrame['frame'] {
  return { case: 'gap', value: create(GapSchema, { id, from: BigInt(from), to: BigInt(to), reason }) }
}

export type GapReason = 'retention' | 'epoch'
