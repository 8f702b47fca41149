import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import fc from 'fast-check'
import { anyEvent, validEvent } from '../../test/arbitrary-event.ts'
import { EventSchema } from '../gen/weir/v1/event_pb.js'
import { eventFromJsonText, eventToJsonText } from './event-json-text.ts'
import { receivedEvent } from './received-event.ts'

test('what a server writes is read as by the strict reader', () => {
  fc.assert(
    fc.property(fc.oneof(validEvent(), anyEvent()), (event) => {
      const text = eventToJsonText(event)
      let strict: unknown
      try {
        strict = eventFromJsonText(text)
      } catch {
        return
      }
      assert.deepEqual(receivedEvent(text), strict)
    }),
  )
})

test('the producer’s own text of data is kept', () => {
  for (const data of ['12345678901234567890', '{"b":-0, "a":1e400,"a":2}', 'null', '"x"']) {
    assert.deepEqual(receivedEvent(`{"id":"x","data":${data},"type":"t"}`).data, { case: 'json', value: data })
  }
})

test('what a newer server adds is passed over, at any depth', () => {
  const text =
    '{"id":"x","weather":{"fine":true},"reading":{"metrics":{"a":1},"moons":[1]},"time":"2026-01-31T12:00:00.5Z"}'
  assert.deepEqual(
    receivedEvent(text),
    create(EventSchema, {
      id: 'x',
      time: { seconds: 1_769_860_800n, nanos: 500_000_000 },
      data: { case: 'reading', value: { metrics: { a: 1 } } },
    }),
  )
  assert.deepEqual(receivedEvent('{"alert":{"severity":"DIRE"}}').data.value, {
    ...(create(EventSchema, { data: { case: 'alert', value: {} } }).data.value as object),
  })
})

test('null is an event without anything', () => {
  assert.deepEqual(receivedEvent('null'), create(EventSchema))
})

for (const text of [
  '',
  '[]',
  '"x"',
  '{"id":1}',
  '{"labels":[]}',
  '{"labels":{"a":1}}',
  '{"time":5}',
  '{"time":"yesterday"}',
  '{"reading":[]}',
  '{"reading":{"metrics":{"a":"1"}}}',
  '{"reading":{"integers":{"a":1.5}}}',
  '{"step":{"index":"1"}}',
  '{"alert":{"status":true}}',
  '{"binary":{"data":"*"}}',
]) {
  test(`malformed: ${text}`, () => assert.throws(() => receivedEvent(text), { code: 'malformed' }))
}
