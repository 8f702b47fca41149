import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { EventSchema } from '@weir/proto'
import { selectMetrics } from './metric-selection.ts'

function found(declared: readonly string[] | undefined, init: MessageInitShape<typeof EventSchema>): unknown[] {
  const metrics: unknown[] = []
  const selection = selectMetrics(declared)
  const event = create(EventSchema, init)
  const any = selection.visit(event, (name, value, unit) => metrics.push([name, value, unit]))
  assert.equal(any, metrics.length > 0)
  assert.ok(!any || selection.mayBeIn(event))
  return metrics
}

const reading = {
  data: { case: 'reading', value: { metrics: { t: 1, 'data.t': 2, h: Number.NaN }, units: { t: 'Cel' } } },
} as const
const json = {
  data: { case: 'json', value: '{"t":3,"deep":{"list":[1,{"x":-0.5}]},"text":"7","huge":1e400,"constructor":{}}' },
} as const

test('without a list all metrics of readings are taken, and nothing of JSON', () => {
  assert.deepEqual(found(undefined, reading), [
    ['t', 1, 'Cel'],
    ['data.t', 2, ''],
  ])
  assert.deepEqual(found(undefined, json), [])
})

test('a path into JSON data is a metric by the name of the path', () => {
  assert.deepEqual(found(['data.t', 'data.deep.list.1.x', 'data.text', 'data.huge', 'data.none'], json), [
    ['t', 3, ''],
    ['deep.list.1.x', -0.5, ''],
  ])
  assert.deepEqual(found(['data.constructor.name', 'data.toString', 'data.deep'], json), [])
  assert.deepEqual(found(['data.t'], { data: { case: 'json', value: 'no JSON' } }), [])
  assert.deepEqual(found(['data.length'], { data: { case: 'json', value: '"text"' } }), [])
})

test('of a reading the metrics of the list are taken, whatever their names look like', () => {
  assert.deepEqual(found(['data.t', 'none', 'h'], reading), [['data.t', 2, '']])
})
