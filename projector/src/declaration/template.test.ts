import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, toBinary } from '@bufbuild/protobuf'
import { EventSchema } from '@weir/proto'
import { EventRecord } from '../event/event-record.ts'
import { compileKeyTemplate, compileMessageTemplate } from './template.ts'

const event = create(EventSchema, {
  type: 'reading',
  labels: { floor: 'f3', room: 'a b' },
  data: { case: 'reading', value: { metrics: { t: 21.5 } } },
})
const record = new EventRecord('rooms.r1.air', 1, 2, 3, toBinary(EventSchema, event))

test('a key is made of the subject, its tokens, labels and literal text', () => {
  assert.equal(compileKeyTemplate('{subject}').keyOf(record), 'rooms.r1.air')
  assert.equal(compileKeyTemplate('by-floor.{label.floor}.{1}').keyOf(record), 'by-floor.f3.r1')
  assert.equal(compileKeyTemplate('{type}.{subject}').keyOf(record), 'reading.rooms.r1.air')
  assert.equal(compileKeyTemplate('{subject}.{window}').keyOf(record, 120_000), 'rooms.r1.air.120')
})

test('a key that cannot be one is refused with the reason', () => {
  const invalid = { code: 'invalid' }
  assert.throws(() => compileKeyTemplate('{label.room}').keyOf(record), invalid)
  assert.throws(() => compileKeyTemplate('{label.none}').keyOf(record), invalid)
  assert.throws(() => compileKeyTemplate('{7}').keyOf(record), invalid)
  const long = new EventRecord('x'.repeat(250), 1, 2, 3, new Uint8Array(0))
  assert.throws(() => compileKeyTemplate('prefix.{subject}').keyOf(long), invalid)
})

test('a template that no event could fill is refused when it is declared', () => {
  for (const text of ['', 'a b', '{}', '{nope}', '{metric.t}', 'a..{1}', '{label.}', 'a{', '}']) {
    assert.throws(() => compileKeyTemplate(text), { code: 'invalid' }, text)
  }
})

test('a message shows what the event has and says where it has nothing', () => {
  const message = compileMessageTemplate('{1} is at {metric.t}, {metric.h} and {label.floor}')
  assert.equal(message(record), 'r1 is at 21.5, ? and f3')
  assert.throws(() => compileMessageTemplate('{window}'), { code: 'invalid' })
})
