import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromBinary, toBinary } from '@bufbuild/protobuf'
import fc from 'fast-check'
import { validEvent } from '../../test/arbitrary-event.ts'
import { anyClientFrame, anyServerFrame } from '../../test/arbitrary-frame.ts'
import { WeirError } from '../error.ts'
import { EventSchema } from '../gen/weir/v1/event_pb.js'
import { ClientFrameSchema, ServerFrameSchema } from '../gen/weir/v1/wire_pb.js'
import { decodeClientFrame, decodeEvent, decodeServerFrame } from './decode.ts'
import { encodeClientFrame, encodeEvent, encodeServerFrame } from './encode.ts'

// The oracle is the generated code.

test('an event is written and read as by the generated code', () => {
  fc.assert(
    fc.property(validEvent(), (event) => {
      const bytes = toBinary(EventSchema, event)
      assert.deepEqual(encodeEvent(event), bytes)
      const read = decodeEvent(bytes)
      assert.deepEqual(toBinary(EventSchema, read), bytes)
      if (!bytes.toString().includes(protoKey)) assert.deepEqual(read, fromBinary(EventSchema, bytes))
    }),
  )
})

test('a frame of a client is written and read as by the generated code', () => {
  fc.assert(
    fc.property(anyClientFrame(), (frame) => {
      const bytes = toBinary(ClientFrameSchema, frame)
      assert.deepEqual(encodeClientFrame(frame), bytes)
      assert.deepEqual(decodeClientFrame(bytes), fromBinary(ClientFrameSchema, bytes))
    }),
  )
})

test('a frame of a server is written and read as by the generated code', () => {
  fc.assert(
    fc.property(anyServerFrame(), (frame) => {
      const bytes = toBinary(ServerFrameSchema, frame)
      assert.deepEqual(encodeServerFrame(frame), bytes)
      assert.deepEqual(decodeServerFrame(bytes), fromBinary(ServerFrameSchema, bytes))
    }),
  )
})

test('messages one after the other are merged as by the generated code', () => {
  fc.assert(
    fc.property(fc.array(anyServerFrame(), { maxLength: 4 }), (frames) => {
      const bytes = Buffer.concat(frames.map((frame) => toBinary(ServerFrameSchema, frame)))
      assert.deepEqual(decodeServerFrame(bytes), fromBinary(ServerFrameSchema, bytes))
    }),
  )
})

test('fields that a newer server sends are passed over', () => {
  fc.assert(
    fc.property(anyServerFrame(), fc.constantFrom(...unknownFields), (frame, unknown) => {
      const known = toBinary(ServerFrameSchema, frame)
      assert.deepEqual(
        decodeServerFrame(new Uint8Array(Buffer.concat([unknown, known, unknown]))),
        decodeServerFrame(known),
      )
    }),
  )
})

test('bytes that are cut short or changed are a frame or malformed, never anything else', () => {
  const damage = fc.record({ cut: fc.nat(400), at: fc.nat(400), value: fc.nat(255) })
  let refused = 0
  fc.assert(
    fc.property(anyServerFrame(), damage, (frame, { cut, at, value }) => {
      const bytes = toBinary(ServerFrameSchema, frame).slice(0, cut)
      if (at < bytes.length) bytes[at] = value
      try {
        decodeServerFrame(bytes)
      } catch (error) {
        refused++
        assert.ok(error instanceof WeirError && error.code === 'malformed', String(error))
      }
    }),
    { numRuns: 2000 },
  )
  assert.ok(refused > 100)
})

for (const [why, hex] of [
  ['a varint of eleven bytes', '0affffffffffffffffffff01'],
  ['a length past the end', '0a05'],
  ['a string that is no UTF-8', '0a01ff'],
  ['no wire type', '0f'],
  ['a group without an end', 'a306'],
  ['a group that is nested without an end', 'a306'.repeat(100)],
  ['a double that is cut short', '52080a0609'],
] as const) {
  test(`malformed: ${why}`, () => {
    assert.throws(() => decodeEvent(Buffer.from(hex, 'hex')), { code: 'malformed' })
  })
}

test('a map’s key may be __proto__, and its parts may be absent', () => {
  const bytes = Buffer.from('2a0e0a095f5f70726f746f5f5f120161' + '2a00' + '2a03120162', 'hex')
  assert.equal(JSON.stringify(decodeEvent(bytes).labels), '{"__proto__":"a","":"b"}')
  assert.deepEqual(decodeEvent(Buffer.from('52021a00', 'hex')).data.value, {
    $typeName: 'weir.v1.Reading',
    metrics: {},
    units: {},
    times: { '': { $typeName: 'google.protobuf.Timestamp', seconds: 0n, nanos: 0 } },
    integers: {},
  })
})

const protoKey = Buffer.from('__proto__').join(',')
const unknownFields = [
  'f8ffffff0f01',
  'a206026162',
  'a1060102030405060708',
  'a50601020304',
  'a306080112026162a406',
].map((hex) => Buffer.from(hex, 'hex'))
