import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import fc from 'fast-check'
import { validEvent } from '../../test/arbitrary-event.ts'
import { EventSchema } from '../gen/weir/v1/event_pb.js'
import { encodeEvent } from './encode.ts'
import { sampledTraceparent } from './traceparent.ts'

const sampled = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

test('the traceparent of an event is what the event has, where its trace is sampled', () => {
  fc.assert(
    fc.property(validEvent(), (event) => {
      const { traceparent } = event
      const expected = traceparent.length === 55 && Number.parseInt(traceparent.slice(-1), 16) % 2 === 1
      assert.equal(sampledTraceparent(encodeEvent(event)), expected ? traceparent : undefined)
    }),
    { numRuns: 500 },
  )
})

test('bytes that are no event have none, wherever they are cut', () => {
  const bytes = encodeEvent(create(EventSchema, { id: 'a', type: 't', source: 's', traceparent: sampled }))
  assert.equal(sampledTraceparent(bytes), sampled)
  for (let end = 0; end < bytes.length; end++) assert.equal(sampledTraceparent(bytes.subarray(0, end)), undefined)
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (garbage) => void sampledTraceparent(garbage)))
})

test('a span of OTLP has none, so that spans are never about spans', () => {
  const event = create(EventSchema, { id: 'a', type: 'otel.span', source: 's', traceparent: sampled })
  assert.equal(sampledTraceparent(encodeEvent(event)), undefined)
})
