import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import fc from 'fast-check'
import { ClientFrameSchema } from '../gen/weir/v1/wire_pb.js'
import { readAck } from './wire-ack.ts'

function encoded(bytes: number): Uint8Array {
  const frame = { case: 'ack', value: { $typeName: 'weir.v1.Ack', bytes } } as const
  return toBinary(ClientFrameSchema, create(ClientFrameSchema, { frame }))
}

describe('the hand-read Ack', () => {
  test('is what the generated encoder wrote', () => {
    for (const bytes of [1, 127, 128, 16_383, 16_384, 65_536, 2 ** 31, 2 ** 32 - 1]) {
      assert.equal(readAck(encoded(bytes)), bytes)
    }
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 32 - 1 }), (bytes) => assert.equal(readAck(encoded(bytes)), bytes)),
    )
  })

  test('says no more of any bytes than the generated decoder does', () => {
    const near = fc
      .tuple(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.nat({ max: 9 }), fc.nat({ max: 255 }))
      .map(([bytes, at, byte]) => {
        const frame = encoded(bytes)
        frame[at % frame.length] = byte
        return frame
      })
    fc.assert(
      fc.property(fc.oneof(near, fc.uint8Array({ maxLength: 12 })), (frame) => {
        const bytes = readAck(frame)
        if (bytes === undefined) return
        const decoded = fromBinary(ClientFrameSchema, frame).frame
        assert.ok(decoded.case === 'ack' && decoded.value.bytes === bytes)
      }),
      { numRuns: 2000 },
    )
  })

  test('leaves what is no Ack, cut short or not in the shortest form to the generated decoder', () => {
    const frame = encoded(300)
    for (let length = 0; length < frame.length; length++) assert.equal(readAck(frame.subarray(0, length)), undefined)
    assert.equal(readAck(Uint8Array.of(0x22, 0x03, 0x08, 0x81, 0x00)), undefined)
    assert.equal(readAck(Uint8Array.of(0x22, 0x02, 0x08, 0x80)), undefined)
    assert.equal(readAck(encoded(0)), undefined)
  })
})
