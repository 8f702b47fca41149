import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, toBinary } from '@bufbuild/protobuf'
import fc from 'fast-check'
import { anyEvent, validEvent } from '../../test/arbitrary-event.ts'
import { type Event, EventSchema } from '../gen/weir/v1/event_pb.js'
import { BatchSchema } from '../gen/weir/v1/wire_pb.js'
import { eventToJson } from './event-json.ts'
import { eventFromJsonText, eventToJsonText } from './event-json-text.ts'
import { serverFrameFromJson } from './read-server-frame.ts'
import { batchToJson } from './server-frame-json.ts'

test('the text is that of the JSON form, of any event', () => {
  fc.assert(
    fc.property(anyEvent(), (event) => {
      assert.deepEqual(JSON.parse(eventToJsonText(event)), JSON.parse(JSON.stringify(eventToJson(event))))
    }),
  )
})

test('an event survives its text to the byte', () => {
  fc.assert(
    fc.property(fc.oneof(validEvent(), withData(producersText())), (event) => {
      const bytes = toBinary(EventSchema, event)
      assert.deepEqual(toBinary(EventSchema, eventFromJsonText(eventToJsonText(event))), bytes)
    }),
  )
})

test('an event survives a batch of weir.v1.json to the byte', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(validEvent(), withData(producersText()))), (events) => {
      const entries = events.map((event, at) => ({
        subject: 'rooms.r1',
        seq: BigInt(at + 1),
        content: { case: 'event' as const, value: toBinary(EventSchema, event) },
      }))
      const batch = create(BatchSchema, { channel: 1, to: BigInt(events.length), entries })
      const { frame } = serverFrameFromJson(batchToJson(batch, 1))
      assert.deepEqual(frame, { case: 'batch', value: batch })
    }),
  )
})

for (const text of [
  '12345678901234567890',
  '{"at":1795805310123456789,"id":12345678901234567890}',
  '[1e400,-1e400,-0,0.10,1E5,1.0]',
  '{"b":1,"a":2,"2":3,"1":4,"a":5}',
  '{"__proto__":{"admin":true}}',
  '"\\ud800 \\u0041 \\/ \\" \\\\"',
  '{ "data" : { "data" : [ "]" , "}" , "\\\\" ] } , "z":"{" }',
  '"\u2028\u2029"',
]) {
  test(`kept as it is: ${JSON.stringify(text)}`, () => {
    const written = eventToJsonText(json(text))
    assert.equal(written, `{"data":${text}}`)
    assert.deepEqual(eventFromJsonText(written).data, { case: 'json', value: text })
    const { data: _, ...rest } = eventToJson({ ...json(text), id: 'x' })
    assert.equal(eventToJsonText({ ...json(text), id: 'x' }), `${JSON.stringify(rest).slice(0, -1)},"data":${text}}`)
  })
}

for (const [text, written] of [
  ['', '""'],
  ['{', '"{"'],
  ['[1,]', '"[1,]"'],
  ['1} , "id":"y"', '"1} , \\"id\\":\\"y\\""'],
  ['NaN', '"NaN"'],
  ['"a\nb"', '"\\"a\\nb\\""'],
  ['{\r\n  "a": 1\n}', '{    "a": 1 }'],
] as const) {
  test(`written as ${written}`, () => assert.equal(eventToJsonText(json(text)), `{"data":${written}}`))
}

test('of a doubled field the last one counts, however it is escaped', () => {
  assert.deepEqual(eventFromJsonText('{"data":1e400,"d\\u0061ta" : -0 }').data, { case: 'json', value: '-0' })
})

function json(value: string): Event {
  return create(EventSchema, { data: { case: 'json', value } })
}

function withData(data: fc.Arbitrary<string>): fc.Arbitrary<Event> {
  return fc.tuple(validEvent(), data).map(([event, value]) => ({ ...event, data: { case: 'json', value } }))
}

/** JSON as no JSON.stringify writes it: long numbers, spaces, escapes, doubled keys. */
function producersText(): fc.Arbitrary<string> {
  const space = fc.constantFrom('', ' ', '  ', '\t')
  const text = fc.oneof(
    fc.constantFrom('"data"', '"d\\u0061ta"', '"\\\\"', '"\\""', '"{["', '"]}"', '","', '"entries"'),
    fc.string({ unit: 'grapheme' }).map((value) => JSON.stringify(value)),
  )
  const scalar = fc.oneof(
    text,
    fc.bigInt().map(String),
    fc.constantFrom('-0', '1e400', '0.10', '1E+2', 'true', 'false', 'null'),
  )
  return fc.letrec<{ value: string }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      scalar,
      fc.array(fc.tuple(space, tie('value'))).map((items) => `[${items.map((item) => item.join('')).join(' ,')} ]`),
      fc
        .array(fc.tuple(space, text, space, tie('value')))
        .map((members) => `{${members.map(([a, key, b, value]) => `${a}${key}${b}:${b}${value}${a}`).join(',')}}`),
    ),
  })).value
}
