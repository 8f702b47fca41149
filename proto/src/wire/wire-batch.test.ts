import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import fc from 'fast-check'
import { Removal, ServerFrameSchema } from '../gen/weir/v1/wire_pb.js'
import {
  BATCH_HEAD_BYTES_MAX,
  batchHeadBytes,
  entryBytesMax,
  entryEvent,
  writeBatchHead,
  writeEntry,
} from './wire-batch.ts'

const seq = fc.oneof(fc.nat({ max: 300 }), fc.maxSafeNat())
const head = fc.record({
  channel: fc.integer({ min: 1, max: 0xffff_ffff }),
  from: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })),
  to: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })),
  conflated: seq,
  uncounted: fc.boolean(),
})
const entry = fc.record({
  subject: fc.stringMatching(/^[a-z0-9.]{1,255}$/),
  seq: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  event: fc.uint8Array({ maxLength: 300 }),
  removal: fc.constantFrom(0, Removal.DELETED, Removal.EXPIRED),
})

describe('the hand-written batch', () => {
  test('is byte for byte what the generated encoder writes', () => {
    fc.assert(
      fc.property(head, fc.array(entry, { maxLength: 8 }), (batchHead, entries) => {
        assert.deepEqual(Buffer.from(write(batchHead, entries)), Buffer.from(oracle(batchHead, entries)))
      }),
    )
  })

  test('gives each event back as it came', () => {
    fc.assert(
      fc.property(entry, ({ subject, seq: at, event, removal }) => {
        const bytes = new Uint8Array(7 + entryBytesMax(subject.length, event.length))
        const end = writeEntry(bytes, 7, subject, at, event, removal)
        assert.deepEqual(Buffer.from(entryEvent(bytes, 7, end)), Buffer.from(removal === 0 ? event : []))
      }),
    )
  })

  test('is decoded by the generated decoder', () => {
    const bytes = write({ channel: 3, from: 5, to: 9, conflated: 2, uncounted: true }, [
      { subject: 'rooms.r1', seq: 9, event: new Uint8Array([1, 2]), removal: 0 },
    ])
    const { frame } = fromBinary(ServerFrameSchema, bytes)
    assert.equal(frame.case, 'batch')
    assert.equal(frame.case === 'batch' && frame.value.entries[0]?.subject, 'rooms.r1')
  })
})

interface PlainEntry {
  readonly subject: string
  readonly seq: number
  readonly event: Uint8Array
  readonly removal: number
}

type PlainHead = Parameters<typeof writeBatchHead>[2]

function write(batchHead: PlainHead, entries: readonly PlainEntry[]): Uint8Array {
  const body = new Uint8Array(entries.reduce((sum, e) => sum + entryBytesMax(e.subject.length, e.event.length), 0))
  let end = 0
  for (const e of entries) end = writeEntry(body, end, e.subject, e.seq, e.event, e.removal)
  const headBytes = batchHeadBytes(batchHead, end)
  assert.ok(headBytes <= BATCH_HEAD_BYTES_MAX)
  const bytes = new Uint8Array(headBytes + end)
  assert.equal(writeBatchHead(bytes, 0, batchHead, end), headBytes)
  bytes.set(body.subarray(0, end), headBytes)
  return bytes
}

function oracle(batchHead: PlainHead, entries: readonly PlainEntry[]): Uint8Array {
  return toBinary(
    ServerFrameSchema,
    create(ServerFrameSchema, {
      frame: {
        case: 'batch',
        value: {
          channel: batchHead.channel,
          from: BigInt(batchHead.from),
          to: BigInt(batchHead.to),
          conflated: BigInt(batchHead.conflated),
          uncounted: batchHead.uncounted,
          entries: entries.map((e) => ({
            subject: e.subject,
            seq: BigInt(e.seq),
            content:
              e.removal === 0
                ? { case: 'event' as const, value: e.event }
                : { case: 'removal' as const, value: e.removal as Removal },
          })),
        },
      },
    }),
  )
}
