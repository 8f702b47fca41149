import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as v from 'valibot'
import { jsonCodec } from '../session/json-codec.ts'
import { decodeEntry } from './decode.ts'
import { Entry } from './entry.ts'

const climate = v.object({ celsius: v.number(), at: v.optional(v.pipe(v.string(), v.transform(Date.parse))) })

test('a validator of Standard Schema is given the JSON data and gives the value, transformed', async () => {
  const item = await decodeEntry(entryOf('{"data":{"celsius":21.5,"at":"1970-01-01T00:00:01Z"}}'), climate)
  assert.ok(item.type === 'entry')
  const celsius: number = item.value.celsius
  assert.deepEqual([celsius, item.value.at, item.subject], [21.5, 1000, 'rooms.r1'])
})

test('what a validator refuses is invalid, with the places', async () => {
  const item = await decodeEntry(entryOf('{"data":{"celsius":"warm","at":1}}'), climate)
  assert.ok(item.type === 'invalid')
  assert.match(item.reason, /^celsius: .+; at: .+$/)
  assert.equal(item.entry.dataText, '{"celsius":"warm","at":1}')
  assert.ok(Array.isArray(item.cause))
})

test('data of another kind is given as its message, and null is null', async () => {
  const reading = v.object({ metrics: v.object({ celsius: v.number() }) })
  const item = await decodeEntry(entryOf('{"reading":{"metrics":{"celsius":21}}}'), reading)
  assert.deepEqual(item.type === 'entry' && item.value, { metrics: { celsius: 21 } })
  const nothing = await decodeEntry(entryOf('{"data":null}'), v.null())
  assert.equal(nothing.type === 'entry' && nothing.value, null)
})

test('a function may take its time; what it throws, and what is no event, is invalid', async () => {
  const later = await decodeEntry(entryOf('{"data":1}'), async ({ data }) => Number(data) + 1)
  assert.equal(later.type === 'entry' && later.value, 2)
  const thrown = await decodeEntry(entryOf('{"data":1}'), () => {
    throw new TypeError('not mine')
  })
  assert.deepEqual([thrown.type, thrown.type === 'invalid' && thrown.reason], ['invalid', 'not mine'])
  const broken = await decodeEntry(entryOf('{"id":1}'), ({ data }) => data)
  assert.match(broken.type === 'invalid' ? broken.reason : '', /What is stored under rooms\.r1 at 9 is no event/)
})

test('a validator that is a function is a validator', async () => {
  const callable = Object.assign(() => assert.fail('called'), {
    '~standard': { version: 1 as const, validate: (value: unknown) => ({ value: String(value) }) },
  })
  const item = await decodeEntry(entryOf('{"data":5}'), callable)
  assert.equal(item.type === 'entry' && item.value, '5')
})

function entryOf(json: string): Entry {
  return new Entry('rooms.r1', 9, { epoch: 1, seq: 9 }, json, jsonCodec.decodeEvent)
}
