import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import { EventSchema } from '@weir/proto'
import fc from 'fast-check'
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

test('a key is made of the fields of a state change or a step', () => {
  const of = (init: MessageInitShape<typeof EventSchema>): EventRecord =>
    new EventRecord('a.b', 1, 2, 3, toBinary(EventSchema, create(EventSchema, init)))
  const change = of({ data: { case: 'stateChange', value: { category: 'van', entity: 'v 7', to: 'busy' } } })
  assert.equal(compileKeyTemplate('{change.category}.{change.entity}').keyOf(change), 'van.v=207')
  assert.equal(compileKeyTemplate('{change.category}.{0}').keysOf('vans.*'), '*.vans')
  const step = of({ data: { case: 'step', value: { pipeline: 'nightly', name: 'load' } } })
  assert.equal(compileKeyTemplate('{step.pipeline}.{step.name}').keyOf(step), 'nightly.load')
  assert.throws(() => compileKeyTemplate('{change.entity}').keyOf(step), { code: 'invalid' })
  assert.throws(() => compileKeyTemplate('{change.code}'), /use category, entity, from, to, name/)
})

test('a key that cannot be one is refused with the reason', () => {
  const invalid = { code: 'invalid' }
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

test('what an event says of itself is one token, and no two texts are the same one', () => {
  const keyOf = (r: string): string => {
    const event = create(EventSchema, { type: r, labels: { r } })
    return compileKeyTemplate('rooms.{label.r}').keyOf(new EventRecord('a', 1, 2, 3, toBinary(EventSchema, event)))
  }
  assert.equal(keyOf('secret.a'), 'rooms.secret=2Ea')
  assert.equal(keyOf('a b*>=é'), 'rooms.a=20b=2A=3E=3D=C3=A9')
  assert.throws(() => keyOf(''), { code: 'invalid' })
  const text = fc.string({ minLength: 1, maxLength: 20, unit: 'binary' }).filter((each) => !/\p{Surrogate}/u.test(each))
  fc.assert(
    fc.property(text, text, (one, other) => {
      assert.equal(keyOf(one).split('.').length, 2)
      assert.equal(keyOf(one) === keyOf(other), one === other)
    }),
  )
})

test('a template says which keys events of a filter can write', () => {
  const keys = (template: string, filter: string): string => compileKeyTemplate(template).keysOf(filter)
  assert.equal(keys('{subject}', 'rooms.>'), 'rooms.>')
  assert.equal(keys('{0}.{1}', 'rooms.*.air'), 'rooms.*')
  assert.equal(keys('{2}.all', 'rooms.*.air'), 'air.all')
  assert.equal(keys('{1}', 'rooms.>'), '*')
  assert.equal(keys('rooms.{label.r}', 'public.x'), 'rooms.*')
  assert.equal(keys('by-{1}.{type}', 'rooms.r1'), '*.*')
  assert.equal(keys('{subject}.{window}', 'hosts.>'), 'hosts.>')
  assert.equal(keys('{subject}.{window}', 'hosts.*'), 'hosts.*.*')
})

test('fields of JSON data are in keys and in messages, numbers with their digits', () => {
  const value = '{"branch":"north.1","id":12345678901234567890,"open":true,"none":null,"at":{"x":-1.50},"list":["a"]}'
  const json = create(EventSchema, { data: { case: 'json', value } })
  const order = new EventRecord('orders.o1', 1, 2, 3, toBinary(EventSchema, json))
  assert.equal(compileKeyTemplate('{data.branch}.{data.id}').keyOf(order), 'north=2E1.12345678901234567890')
  assert.equal(compileKeyTemplate('{data.at.x}').keyOf(order), '-1=2E50')
  assert.equal(compileKeyTemplate('{data.branch}.{data.at.x}').keysOf('orders.>'), '*.*')
  for (const path of ['nothing', 'none', 'at', 'list', 'branch.x', '__proto__']) {
    assert.throws(() => compileKeyTemplate(`{data.${path}}`).keyOf(order), { code: 'invalid' }, path)
  }
  const message = compileMessageTemplate('{data.branch} {data.id} {data.open} {data.list.0} {data.none}')
  assert.equal(message(order), 'north.1 12345678901234567890 true a ?')
  assert.equal(message(record), '? ? ? ? ?')
  const broken = create(EventSchema, { data: { case: 'json', value: '{"branch":' } })
  assert.equal(message(new EventRecord('a', 1, 2, 3, toBinary(EventSchema, broken))), '? ? ? ? ?')
})
