import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import { EventSchema } from '@weir/proto'
import { EventRecord } from '../event/event-record.ts'
import { type Condition, compileCondition } from './condition.ts'

function record(init: MessageInitShape<typeof EventSchema>, subject = 'rooms.r1.air'): EventRecord {
  return new EventRecord(subject, 1, 2, 3, toBinary(EventSchema, create(EventSchema, init)))
}

function holds(text: string, init: MessageInitShape<typeof EventSchema>): boolean | undefined {
  return conditionOf(text).holds(record(init))
}

function conditionOf(text: string): Condition {
  const compiled = compileCondition(text)
  assert.ok('holds' in compiled, JSON.stringify(compiled))
  return compiled
}

function faults(text: string): string[] {
  const compiled = compileCondition(text)
  return 'holds' in compiled ? [] : compiled.map(({ offset, message }) => `${offset}: ${message}`)
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
    assert.notDeepEqual(faults(text), [], text)
  }
  assert.deepEqual(faults('type(data) == string'), [])
})

test('what can never be evaluated is a fault with its place', () => {
  assert.deepEqual(
    faults('subject.lowerAsci() == "x"')
      .slice(0, 1)
      .map((each) => each.slice(0, 44)),
    ['7: there is no function "lowerAsci"; there a'],
  )
  assert.deepEqual(faults('metrics.t + subject > 3'), ['10: double + string does not exist'])
  assert.deepEqual(faults('metrics.t * size(tokens) > 3.0'), [
    '10: double * int does not exist; make a double of the whole number by double(...)',
  ])
  assert.deepEqual(faults('metrics.t'), ['0: the condition gives double, and true or false is needed'])
  assert.deepEqual(faults('metrics.t && true'), ['7: this is double, and bool is needed'])
  assert.deepEqual(faults('subject == 3'), ['8: string and int are never equal'])
  assert.deepEqual(faults('step.stauts == "ERROR"'), [
    '4: step has no field "stauts"; it has pipeline, name, status, message, index',
  ])
  assert.deepEqual(faults('tokens["a"] == "x"'), ['7: a list is indexed by a whole number, not by string'])
  assert.deepEqual(faults('size(metrics.t) > 3'), ['0: size(double) does not exist'])
  assert.deepEqual(
    faults('metrics.a > 1 && nope && nope2 > 3').map((each) => each.slice(0, 20)),
    ['17: "nope" is unknow', '25: "nope2" is unkno'],
  )
})

test('a text that a closed set does not have is a fault', () => {
  const never = '"FAILED"; it is IDLE, PROCESSING, COMPLETE, ERROR'
  assert.deepEqual(faults('step.status == "FAILED"'), [`15: step.status is never ${never}`])
  assert.deepEqual(faults('"FAILED" != step["status"]'), [`0: step.status is never ${never}`])
  assert.deepEqual(faults('step.status in ["ERROR", "FAILED"]'), [`25: step.status is never ${never}`])
  assert.deepEqual(faults('step.status in ["ERROR", "IDLE"] && step.status != "COMPLETE"'), [])
})

test('a whole number beside a double is a double', () => {
  assert.equal(holds('metrics.t * 2 > 10', air), true)
  assert.equal(holds('2 * metrics.t + 1 == 63', air), true)
  assert.equal(holds('metrics.t - (2 * 3) < 26', air), true)
  assert.equal(holds('(true ? 1 : metrics.t) + metrics.t == 32.0', air), true)
  assert.equal(holds('-metrics.t + 1 == -30', air), true)
  const json = { data: { case: 'json', value: '{"celsius":31,"items":[1,2,3]}' } } as const
  assert.equal(holds('data.celsius + 1 > 31', json), true)
  assert.equal(holds('data.celsius / 2 == 15.5', json), true)
  assert.equal(holds('data.items[0] + 1 == 2 && size(data.items) + 1 == 4', json), true)
  assert.equal(holds('data.items.map(x, x * 2).exists(x, x == 6)', json), true)
})

test('the functions of the strings extension are there', () => {
  assert.equal(holds('subject.upperAscii() == "ROOMS.R1.AIR"', air), true)
  assert.equal(holds('labels.floor.substring(1) == "3" && "a,b".split(",")[1] == "b"', air), true)
  assert.equal(holds('" x ".trim().replace("x", "y") == "y"', air), true)
})

test('time is when it happened, and now when it was stored', () => {
  const time = { seconds: 0n, nanos: 1_000_000 }
  assert.equal(holds('now() - time == duration("0.002s")', { time }), true)
  assert.equal(holds('time.getFullYear() == 1970', { time }), true)
})

test('a condition compares with what was some time ago', () => {
  const fell = conditionOf('metrics.t < 0.5 * ago("1m").metrics.t && ago("1h").data["a"].b == "x"')
  assert.deepEqual(fell.earlier, [
    { agoMs: 60_000, of: 'metrics', path: ['t'] },
    { agoMs: 3_600_000, of: 'data', path: ['a', 'b'] },
  ])
  const now = record({ data: { case: 'reading', value: { metrics: { t: 49 } } } })
  assert.equal(
    fell.holds(now, (index) => [100, 'x'][index]),
    true,
  )
  assert.equal(
    fell.holds(now, (index) => [98, 'x'][index]),
    false,
  )
  assert.equal(
    fell.holds(now, () => undefined),
    undefined,
  )
  assert.equal(holds('has(ago("1m").metrics.t) && metrics.t > ago("1m").metrics.t', air), false)
  assert.equal(holds('data.n > ago("1m").data.n + 1', { data: { case: 'json', value: '{"n":1}' } }), undefined)
})

test('an ago that cannot be is a fault with its place', () => {
  assert.deepEqual(faults('metrics.t > ago("soon").metrics.t'), [
    '16: "soon" is no duration: write a number and ms, s, m, h or d',
  ])
  assert.deepEqual(faults('metrics.t > ago("8d").metrics.t'), ['16: "8d" must be from 100ms to 1d'])
  assert.deepEqual(faults('metrics.t > ago(60).metrics.t'), [
    '12: ago takes one duration that is written out, as in ago("1m")',
  ])
  const names = 'ago names a metric or a field of data, as in ago("1m").metrics.viewers or ago("1m").data.count'
  for (const text of ['ago("1m") == 1', 'ago("1m").labels.a == "x"', 'ago("1m").metrics.exists(m, m == "t")']) {
    assert.deepEqual(
      faults(text).map((fault) => fault.replace(/^\d+: /, '')),
      [names],
      text,
    )
  }
})

test('a condition that fails, or gives no boolean, says so', () => {
  const json = { data: { case: 'json', value: '{"n":1}' } } as const
  assert.throws(() => holds('data.n', json), { code: 'invalid' })
  assert.throws(() => holds('data.n + "x" == "1x"', json), { code: 'invalid' })
  assert.throws(() => holds('int(subject) > 3', air), { code: 'invalid' })
  assert.throws(() => holds('1 / 0 > 3', air), { code: 'invalid' })
})

test('loops within loops end after a bounded cost', () => {
  const json = { data: { case: 'json', value: JSON.stringify(Array(400).fill(1)) } } as const
  const nested = 'data.all(a, data.all(b, data.all(c, data.all(d, a == b && c == d))))'
  const began = process.cpuUsage()
  assert.throws(() => holds(nested, json), /costs too much/)
  assert.throws(() => holds('data.map(a, data.map(b, data.map(c, a + b + c))).size() > 0', json), /costs too much/)
  const { user } = process.cpuUsage(began)
  // 400 to the fourth rounds would take hours.
  assert.ok(user < 5_000_000, `${user} us`)
  assert.equal(holds('data.all(a, a == 1)', json), true)
})

test('a function that walks a large list or text costs by what it walks', () => {
  const many = Array.from({ length: 40_000 }, (_, at) => at)
  const json = { data: { case: 'json', value: JSON.stringify({ many, text: 'x'.repeat(200_000) }) } } as const
  for (const text of [
    'data.many.all(a, a in data.many)',
    'data.many.all(a, !data.text.contains("y"))',
    'data.many.all(a, data.many == data.many)',
    'data.many.all(a, !data.text.matches("(x+)+y"))',
  ]) {
    const condition = conditionOf(text)
    const event = record(json)
    const began = process.cpuUsage()
    assert.throws(() => condition.holds(event), /costs too much/, text)
    const { user } = process.cpuUsage(began)
    assert.ok(user < 300_000, `${text}: ${user} us`)
  }
  assert.equal(holds('7 in data.many', json), true)
  assert.equal(holds('data.text.contains("xx")', json), true)
})

test('a pattern that backtracks elsewhere does not here', () => {
  assert.equal(holds('eventType.matches("^(a+)+$")', { type: `${'a'.repeat(200)}!` }), false)
})
