import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, toBinary } from '@bufbuild/protobuf'
import { type Event, EventSchema, limits, validateEvent, WeirError } from '@weir/proto'
import fc from 'fast-check'
import { arbitraryEvent } from '../../test/arbitrary-event.ts'
import { encodeEvent, encodeTime } from './event-encoder.ts'

test('writes the bytes that the generated encoder writes', () => {
  fc.assert(
    fc.property(arbitraryEvent, (event) => {
      assert.equal(validateEvent(event), undefined)
      assert.deepEqual(encodeEvent(event), toBinary(EventSchema, event))
    }),
    { numRuns: 1000 },
  )
})

test('writes texts of every length up to and past each length of their length', () => {
  for (const length of [0, 1, 63, 64, 127, 128, 129, 5_000, 16_383, 16_384, 60_000]) {
    for (const character of ['a', 'ö', '本', '😀']) {
      const event = jsonEvent(JSON.stringify(character.repeat(length)))
      assert.deepEqual(encodeEvent(event), toBinary(EventSchema, event), `${length} x ${character}`)
    }
  }
})

test('refuses what is larger than an event may be, by text, bytes or names, and encodes the next one', () => {
  const huge = 'x'.repeat(limits.eventBytesMax + 1)
  const tooLarge: Event[] = [
    jsonEvent(JSON.stringify(huge)),
    jsonEvent(JSON.stringify('本'.repeat(limits.eventBytesMax / 2))),
    create(EventSchema, { data: { case: 'binary', value: { data: new Uint8Array(limits.eventBytesMax) } } }),
    create(EventSchema, { data: { case: 'any', value: { value: new Uint8Array(limits.eventBytesMax) } } }),
    create(EventSchema, {
      data: {
        case: 'reading',
        value: {
          metrics: { a: 1 },
          units: Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`${at}${'本'.repeat(60_000)}`, 's'])),
        },
      },
    }),
  ]
  for (const event of tooLarge) {
    assert.throws(
      () => encodeEvent(event),
      (error) => error instanceof WeirError && error.code === 'too_large',
    )
    const next = jsonEvent('{"a":1}')
    assert.deepEqual(encodeEvent(next), toBinary(EventSchema, next))
  }
})

test('writes the field of a time alone', () => {
  const time = create(EventSchema, { time: { seconds: 1_790_000_000n, nanos: 5 } })
  assert.deepEqual(encodeTime(time.time as NonNullable<Event['time']>), toBinary(EventSchema, time))
})

function jsonEvent(value: string): Event {
  return create(EventSchema, { id: 'a', data: { case: 'json', value } })
}
