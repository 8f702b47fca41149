import { create } from '@bufbuild/protobuf'
import fc from 'fast-check'
import { type ClientFrame, ClientFrameSchema, type ServerFrame, ServerFrameSchema } from '../src/gen/weir/v1/wire_pb.js'

/** Any frame of a client. */
export function anyClientFrame(): fc.Arbitrary<ClientFrame> {
  const value = fc.oneof(
    fc.record({
      case: fc.constant('hello' as const),
      value: fc.record({ token: text, client: text, windowBytes: uint32 }),
    }),
    fc.record({
      case: fc.constant('subscribe' as const),
      value: fc.record(
        {
          id: uint32,
          source: text,
          filters: fc.array(text),
          mode: fc.integer({ min: -1, max: 3 }),
          cursor,
          intervalMs: uint32,
          cursors: fc.record({ cursors: fc.array(cursor) }),
        },
        { requiredKeys: [] },
      ),
    }),
    fc.record({ case: fc.constant('unsubscribe' as const), value: fc.record({ id: uint32 }) }),
    fc.record({ case: fc.constant('ack' as const), value: fc.record({ bytes: uint32 }) }),
    fc.record({ case: fc.constant('renew' as const), value: fc.record({ token: text }) }),
    fc.record({ case: fc.constant('ping' as const), value: fc.constant({}) }),
    fc.constant({ case: undefined }),
  )
  return value.map((frame) => create(ClientFrameSchema, { frame }))
}

/** Any frame of a server, also such as no hub sends. */
export function anyServerFrame(): fc.Arbitrary<ServerFrame> {
  const content = fc.oneof(
    fc.record({ case: fc.constant('event' as const), value: fc.uint8Array() }),
    fc.record({ case: fc.constant('removal' as const), value: fc.integer({ min: -1, max: 3 }) }),
    fc.constant({ case: undefined }),
  )
  const value = fc.oneof(
    fc.record({
      case: fc.constant('welcome' as const),
      value: fc.record(
        {
          session: text,
          hub: text,
          heartbeatMs: uint32,
          tokenExpires: uint64,
          limits: fc.record({ windowBytes: uint32 }),
        },
        { requiredKeys: [] },
      ),
    }),
    fc.record({
      case: fc.constant('subscribed' as const),
      value: fc.record({ id: uint32, channel: uint32, cursor, start: fc.nat(5), shards }, { requiredKeys: [] }),
    }),
    fc.record({
      case: fc.constant('batch' as const),
      value: fc.record({
        channel: uint32,
        from: uint64,
        to: uint64,
        conflated: uint64,
        uncounted: fc.boolean(),
        entries: fc.array(fc.record({ subject: text, seq: uint64, content })),
      }),
    }),
    fc.record({
      case: fc.constant('gap' as const),
      value: fc.record({ id: uint32, from: uint64, to: uint64, reason: text, channel: uint32 }),
    }),
    fc.record({ case: fc.constant('refused' as const), value: fc.record({ id: uint32, code: text, message: text }) }),
    fc.record({ case: fc.constant('goaway' as const), value: fc.record({ reason: text, reconnectAfterMs: uint32 }) }),
    fc.record({ case: fc.constant('pong' as const), value: fc.constant({}) }),
    fc.constant({ case: undefined }),
  )
  return value.map((frame) => create(ServerFrameSchema, { frame }))
}

const text = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.string({ minLength: 20, maxLength: 200 }))
const uint32 = fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 4_294_967_295 }))
const uint64 = fc.oneof(fc.bigInt({ min: 0n, max: 300n }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }))
const cursor = fc.record({ epoch: uint64, seq: uint64 })
const shard = fc.record({ channel: uint32, cursor }, { requiredKeys: [] })
const shards = fc.record({ shards: fc.array(shard) })
