import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import { EventSchema } from '@weir/proto'
import { EventRecord } from '../event/event-record.ts'
import { compileStateExpression } from './state-expression.ts'

function stateOf(text: string, init: MessageInitShape<typeof EventSchema>): string | undefined {
  const compiled = compileStateExpression(text)
  assert.ok('stateOf' in compiled, JSON.stringify(compiled))
  return compiled.stateOf(new EventRecord('a.b', 1, 2, 3, toBinary(EventSchema, create(EventSchema, init))))
}

function json(value: unknown): MessageInitShape<typeof EventSchema> {
  return { data: { case: 'json', value: JSON.stringify(value) } }
}

test('a state is a text, a number or a boolean of the event', () => {
  assert.equal(stateOf('data.status', json({ status: 'pending' })), 'pending')
  assert.equal(stateOf('data.n', json({ n: 7 })), '7')
  assert.equal(stateOf('data.ok', json({ ok: true })), 'true')
  assert.equal(stateOf('size(tokens)', json({})), '2')
  assert.equal(stateOf('change.to', { data: { case: 'stateChange', value: { entity: 'e', to: 'open' } } }), 'open')
  assert.equal(stateOf('data.total > 100 ? "large" : "small"', json({ total: 101 })), 'large')
})

test('null and an empty text say that there is no entity any more, and what lacks a state says nothing', () => {
  assert.equal(stateOf('data.status', json({ status: null })), '')
  assert.equal(stateOf('data.done ? "" : data.status', json({ done: true })), '')
  assert.equal(stateOf('data.status', json({})), undefined)
  assert.equal(stateOf('data.status', { data: { case: 'reading', value: { metrics: { a: 1 } } } }), undefined)
})

test('a list or a map is no state', () => {
  assert.throws(() => stateOf('data.items', json({ items: [1] })), { code: 'invalid' })
  assert.deepEqual(compileStateExpression('labels'), [
    { offset: 0, message: 'the state gives map(string, string), and a text, a number or a boolean is needed' },
  ])
})

test('a state is that of the event alone', () => {
  const fault = [{ offset: 0, message: 'ago is for conditions of alerts' }]
  assert.deepEqual(compileStateExpression('ago("1m").data.status'), fault)
  assert.deepEqual(compileStateExpression('has(ago("1m").data.status) ? "a" : "b"'), fault)
})

test('an alert is in a state, too, and a severity that there is none of is a fault', () => {
  const alert = { data: { case: 'alert', value: { rule: 'r', severity: 3, status: 3 } } } as const
  assert.equal(stateOf('alert.severity', alert), 'URGENT')
  assert.equal(stateOf('alert.status == "RESOLVED" ? "" : alert.severity', alert), '')
  assert.deepEqual(compileStateExpression('alert.status == "OPEN"'), [
    { offset: 16, message: 'alert.status is never "OPEN"; it is FIRING, ACKED, RESOLVED' },
  ])
})
