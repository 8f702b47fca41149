import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { EventSchema } from '@weir/proto'
import fc from 'fast-check'
import { isEncodedEvent } from './encoded-event.ts'

const event = toBinary(
  EventSchema,
  create(EventSchema, {
    id: 'x'.repeat(200),
    time: { seconds: 5n, nanos: 7 },
    labels: { a: 'b' },
    data: { case: 'reading', value: { metrics: { t: 1 } } },
  }),
)

test('an encoded event has the form of one, and so has an empty one', () => {
  assert.equal(isEncodedEvent(event), true)
  assert.equal(isEncodedEvent(new Uint8Array(0)), true)
})

test('an event that is cut anywhere inside a field has not', () => {
  const whole = new Set<number>()
  for (let length = 0; length < event.length; length++) {
    if (isEncodedEvent(event.subarray(0, length))) whole.add(length)
  }
  // Only where one field ends and the next begins.
  for (const length of whole) fromBinary(EventSchema, event.subarray(0, length))
  assert.ok(whole.size <= 4, `${[...whole]}`)
})

test('text, and fields of another wire type, are no event', () => {
  for (const text of ['{"reading":{}}', 'hello', '\u0000', '<xml/>']) {
    assert.equal(isEncodedEvent(new TextEncoder().encode(text)), false, text)
  }
  assert.equal(isEncodedEvent(Uint8Array.of(0x08, 0x01)), false)
})

test('a field of a newer schema is let through', () => {
  assert.equal(isEncodedEvent(Uint8Array.of(...event, 0xa0, 0x06, 0x01)), true)
})

test('what protobuf-es refuses at the outer level is refused here too, and nothing throws', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      if (!isEncodedEvent(bytes)) return
      // The outer form is right, so only what is inside a field can be wrong.
      try {
        fromBinary(EventSchema, bytes)
      } catch (thrown) {
        assert.ok(thrown instanceof Error)
      }
    }),
  )
})
