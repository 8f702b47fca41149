import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import { EventSchema } from '@weir/proto'
import { EventRecord } from '../event/event-record.ts'
import { compileCondition } from './condition.ts'

function record(init: MessageInitShape<typeof EventSchema>, subject = 'rooms.r1.air'): EventRecord {
  return new EventRecord(subject, 1, 2, 3, toBinary(EventSchema, create(EventSchema, init)))
}

function holds(text: string, init: MessageInitShape<typeof EventSchema>): boolean | undefined {
  return compileCondition(text).holds(record(init))
}

const air = {
  data: { case: 'reading', value: { metrics: { t: 31, constructor: 1 } } },
  labels: { floor: 'f3' },
} as const

test('a condition sees every part of an event', () => {
  assert.equal(holds('metrics.t > 30', air), true)
  assert.equal(holds('metrics["t"] > 30.5 && labels.floor == "f3"', air), true)
  assert.equal(holds('subject.startsWith("rooms.") && tokens[1] == "r1" && size(tokens) == 3', air), true)
  assert.equal(holds('eventType == "z" && source == "y"', { type: 'z', source: 'y' }), true)
  const change = { data: { case: 'stateChange', value: { entity: 'd', to: 'open', code: 7 } } } as const
  assert.equal(holds('change.to == "open" && change.code >= 7', change), true)
  const step = { data: { case: 'step', value: { name: 's', status: 4 } } } as const
  assert.equal(holds('step.status == "ERROR"', step), true)
  const json = { data: { case: 'json', value: '{"items":[{"n":1},{"n":9}]}' } } as const
  assert.equal(holds('data.items.exists(item, item.n > 5)', json), true)
  assert.equal(holds('data.items.all(item, item.n > 5)', json), false)
})

test('an event that lacks what is asked for gives no answer', () => {
  assert.equal(holds('metrics.humidity > 30', air), undefined)
  assert.equal(holds('labels.none == "x"', air), undefined)
  assert.equal(holds('tokens[9] == "x"', air), undefined)
  assert.equal(holds('has(metrics.humidity) && metrics.humidity > 30', air), false)
  assert.equal(holds('metrics.toString > 0.0', air), undefined)
  assert.equal(holds('data.toString == "x"', { data: { case: 'json', value: '{}' } }), undefined)
})

test('what is no condition is refused when it is declared', () => {
  for (const text of ['', 'metrics.t >', 'nope > 3', 'metric.t > 3', 'x'.repeat(5_000)]) {
    assert.throws(() => compileCondition(text), { code: 'invalid' }, text)
  }
  assert.doesNotThrow(() => compileCondition('type(data) == string'))
})

test('a condition that fails, or gives no boolean, says so', () => {
  assert.throws(() => holds('metrics.t', air), { code: 'invalid' })
  assert.throws(() => holds('int(subject) > 3', air), { code: 'invalid' })
  assert.throws(() => holds('type > 3', air), { code: 'invalid' })
  assert.throws(() => holds('1 / 0 > 3', air), { code: 'invalid' })
})

test('loops within loops end after a bounded number of steps', () => {
  const json = { data: { case: 'json', value: JSON.stringify(Array(400).fill(1)) } } as const
  const nested = 'data.all(a, data.all(b, data.all(c, data.all(d, a == b && c == d))))'
  const began = process.cpuUsage()
  assert.throws(() => holds(nested, json), /steps/)
  assert.throws(() => holds('data.map(a, data.map(b, data.map(c, a + b + c))).size() > 0', json), /steps/)
  const { user } = process.cpuUsage(began)
  // 400 to the fourth rounds would take hours.
  assert.ok(user < 5_000_000, `${user} us`)
  assert.equal(holds('data.all(a, a == 1)', json), true)
})

test('a pattern that backtracks elsewhere does not here', () => {
  assert.equal(holds('eventType.matches("^(a+)+$")', { type: `${'a'.repeat(200)}!` }), false)
})
