import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, fromBinary, toBinary, toJson } from '@bufbuild/protobuf'
import fc from 'fast-check'
import { anyEvent, validEvent } from '../../test/arbitrary-event.ts'
import { WeirError } from '../error.ts'
import { EventSchema } from '../gen/weir/v1/event_pb.js'
import { eventFromJson, itemFromJson } from './event-from-json.ts'
import { eventToJson } from './event-json.ts'

test('an event survives its JSON text', () => {
  fc.assert(
    fc.property(validEvent(), (event) => {
      const text = JSON.stringify(eventToJson(event))
      assert.deepEqual(toBinary(EventSchema, eventFromJson(JSON.parse(text))), toBinary(EventSchema, event))
    }),
  )
})

test('an event that came as bytes survives its JSON text', () => {
  fc.assert(
    fc.property(validEvent(), (event) => {
      const received = fromBinary(EventSchema, toBinary(EventSchema, event))
      assert.deepEqual(eventFromJson(JSON.parse(JSON.stringify(eventToJson(received)))), received)
    }),
  )
})

test('the JSON form is proto3 JSON but for the three differences', () => {
  const plain = validEvent().filter(({ data }) => data.case !== 'any' && data.case !== 'json')
  fc.assert(
    fc.property(plain, (event) => {
      const expected = JSON.stringify(toJson(EventSchema, event)).replace(
        /"(severity|status)":"(SEVERITY|STATUS)_/g,
        '"$1":"',
      )
      assert.deepEqual(JSON.parse(JSON.stringify(eventToJson(event))), JSON.parse(expected))
    }),
  )
})

test('any event has a JSON form, also one that breaks the rules', () => {
  fc.assert(fc.property(anyEvent(), (event) => assert.ok(JSON.stringify(eventToJson(event)).startsWith('{'))))
})

test('what JSON cannot write has a form that says so', () => {
  const metrics = { a: Number.NaN, b: Number.NEGATIVE_INFINITY, c: 1 }
  const reading = eventToJson(create(EventSchema, { data: { case: 'reading', value: { metrics } } }))
  assert.deepEqual(reading, { reading: { metrics: { a: 'NaN', b: '-Infinity', c: 1 } } })
  assert.deepEqual(
    eventFromJson(reading).data.value,
    create(EventSchema, { data: { case: 'reading', value: { metrics } } }).data.value,
  )
  assert.deepEqual(eventToJson(create(EventSchema, { data: { case: 'json', value: '{' } })), { data: '{' })
  assert.deepEqual(eventToJson(create(EventSchema, { time: { seconds: 2n ** 40n } })), {})
})

test('names of the prototype chain are only names', () => {
  const event = eventFromJson(
    JSON.parse('{"labels":{"__proto__":"a","constructor":"b"},"data":{"__proto__":{"admin":true}}}'),
  )
  assert.equal(JSON.stringify(event.labels), '{"__proto__":"a","constructor":"b"}')
  assert.equal(Object.getPrototypeOf(event.labels), Object.prototype)
  assert.deepEqual(event.data, { case: 'json', value: '{"__proto__":{"admin":true}}' })
  const reading = eventFromJson(JSON.parse('{"reading":{"metrics":{"__proto__":"NaN","toString":1}}}'))
  assert.equal(
    JSON.stringify(reading.data.value),
    '{"$typeName":"weir.v1.Reading","metrics":{"__proto__":null,"toString":1},"units":{},"times":{},"integers":{}}',
  )
  const { reading: named } = eventToJson(eventFromJson(JSON.parse('{"reading":{"times":{"__proto__":0}}}')))
  assert.equal(JSON.stringify(named), '{"times":{"__proto__":"1970-01-01T00:00:00Z"}}')
  assert.equal(Object.hasOwn({}, 'admin'), false)
})

test('null is no value, except under data', () => {
  const text = '{"id":null,"time":null,"labels":null,"reading":null,"alert":null,"data":null}'
  assert.deepEqual(eventFromJson(JSON.parse(text)), create(EventSchema, { data: { case: 'json', value: 'null' } }))
})

test('an enum value may be short, long or a number', () => {
  for (const severity of ['URGENT', 'SEVERITY_URGENT', 3]) {
    assert.deepEqual(
      eventFromJson({ alert: { rule: 'hot', severity } }),
      create(EventSchema, { data: { case: 'alert', value: { rule: 'hot', severity: 3 } } }),
    )
  }
})

test('a time may be RFC 3339 or milliseconds', () => {
  const expected = create(EventSchema, { time: { seconds: 1_769_860_800n, nanos: 250_000_000 } })
  assert.deepEqual(eventFromJson({ time: '2026-01-31T13:00:00.25+01:00' }), expected)
  assert.deepEqual(eventFromJson({ time: 1_769_860_800_250 }), expected)
})

test('an item is an event with its subject', () => {
  assert.deepEqual(itemFromJson({ subject: 'rooms.r1', id: 'x', data: [1] }), {
    subject: 'rooms.r1',
    event: create(EventSchema, { id: 'x', data: { case: 'json', value: '[1]' } }),
  })
})

const deep = (levels: number) => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`)

for (const [path, value] of [
  ['event: an object', null],
  ['event: an object', []],
  ['event: an object', 'text'],
  ['subject: there is no such field', { subject: 'rooms.r1' }],
  ['tpye: there is no such field', { tpye: 'x' }],
  ['__proto__: there is no such field', JSON.parse('{"__proto__":{}}')],
  ['state_change: there is no such field', { state_change: {} }],
  ['id: a string', { id: 1 }],
  ['type: a string', { type: {} }],
  ['source: a string', { source: [] }],
  ['traceparent: a string', { traceparent: true }],
  ['time: an RFC 3339', { time: {} }],
  ['time: a time is written', { time: 'yesterday' }],
  ['time: a time is written', { time: 1e300 }],
  ['labels: an object', { labels: [] }],
  ['labels.room: a string is expected, not a number', { labels: { room: 1 } }],
  ['labels.on: a string is expected, not a boolean', { labels: { on: true } }],
  ['labels.none: a string is expected, not null', { labels: { none: null } }],
  [`labels.${'k'.repeat(64)}...: a string`, { labels: { ['k'.repeat(10_000)]: 1 } }],
  ['reading: an object', { reading: 1 }],
  ['reading.metrics.load: a number is expected, not a string', { reading: { metrics: { load: '1' } } }],
  ['reading.metrics.load: a number is expected, not null', { reading: { metrics: { load: null } } }],
  ['reading.units.load: a string', { reading: { units: { load: 1 } } }],
  ['reading.times: an object', { reading: { times: [] } }],
  ['reading.times.load: a time is written', { reading: { times: { load: 'now' } } }],
  ['reading.times.load: an RFC 3339', { reading: { times: { load: null } } }],
  ['reading.metric: there is no such field', { reading: { metric: {} } }],
  ['stateChange.code: 2147483648 is not', { stateChange: { code: 2147483648 } }],
  ['stateChange.code: 1.5 is not', { stateChange: { code: 1.5 } }],
  ['stateChange.code: a whole number', { stateChange: { code: '1' } }],
  ['step.index: -1 is not', { step: { index: -1 } }],
  ['step.index: 4294967296 is not', { step: { index: 4294967296 } }],
  [
    'step.status: "RUNNING" is not one of UNSPECIFIED, IDLE, PROCESSING, COMPLETE, ERROR',
    { step: { status: 'RUNNING' } },
  ],
  ['step.status: "toString" is not', { step: { status: 'toString' } }],
  ['alert.severity: a name', { alert: { severity: true } }],
  ['alert.since: a time is written', { alert: { since: '' } }],
  ['alert.rules: there is no such field', { alert: { rules: 1 } }],
  ['binary.data: the string is not base64', { binary: { data: '*' } }],
  ['binary.content_type: there is no such field', { binary: { content_type: 'x' } }],
  ['any.value: a string', { any: { value: 1 } }],
  ['step: the event has data of another kind', { reading: {}, step: {} }],
  ['data: the event has data of another kind', { reading: {}, data: null }],
  ['data: the JSON is nested deeper than 64', { data: deep(65) }],
] as const) {
  test(`refused: ${path.slice(0, 70)}`, () => {
    assert.throws(
      () => eventFromJson(value),
      (error) => error instanceof WeirError && error.code === 'malformed' && error.message.startsWith(path),
    )
  })
}

test('refused: an item without a subject', () => {
  for (const item of [{ id: 'x' }, { subject: 1 }, { subject: null }]) {
    assert.throws(() => itemFromJson(item), /^WeirError: subject: a string is expected/)
  }
})

test('JSON at the bound of depth is taken', () => {
  assert.equal(eventFromJson({ data: deep(64) }).data.value, JSON.stringify(deep(64)))
})
