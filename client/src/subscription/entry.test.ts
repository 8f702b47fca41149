import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventBytes } from '../../test/fake-hub.ts'
import { jsonCodec } from '../session/json-codec.ts'
import { protobufCodec } from '../session/protobuf-codec.ts'
import { Entry } from './entry.ts'

const place = { epoch: 10, seq: 12 }

test('an event is decoded once, when it is asked for', () => {
  const entry = new Entry('a', 9, place, eventBytes(9), protobufCodec.decodeEvent)
  assert.equal(entry.event.id, '9')
  assert.equal(entry.event, entry.event)
  assert.equal(entry.cursor, 'a-9')
})

test('bytes that are no event are told by whoever asks for the event', () => {
  const entry = new Entry('a', 9, place, new Uint8Array([0xff]), protobufCodec.decodeEvent)
  assert.throws(() => entry.event, { code: 'malformed', message: /under a at 9/ })
})

test('a detached entry has bytes of its own', () => {
  const message = new Uint8Array([0, ...eventBytes(9), 0])
  const entry = new Entry('a', 9, place, message.subarray(1, -1), protobufCodec.decodeEvent).detached()
  message.fill(0)
  assert.equal(entry.event.id, '9')
  assert.equal(entry.cursor, 'a-9')
})

test('JSON data is what JSON.parse gives, and has the text of the producer beside it', () => {
  const text = '{"id":12345678901234567890, "at":1795805310123456789, "zero":-0, "far":1e400, "2":1, "1":2}'
  const entry = new Entry('a', 9, place, `{"id":"x","data":${text}}`, jsonCodec.decodeEvent)
  assert.equal(entry.dataText, text)
  assert.deepEqual(entry.data, JSON.parse(text))
  assert.equal(entry.data, entry.data)
  assert.equal(entry.detached().dataText, text)
  assert.equal(new Entry('a', 9, place, '{"data":null}', jsonCodec.decodeEvent).data, null)
  assert.equal(new Entry('a', 9, place, '{}', jsonCodec.decodeEvent).data, undefined)
})

test('an event of each kind has its accessor, and the others are undefined', () => {
  for (const [json, name] of [
    ['{"reading":{"metrics":{"celsius":21.5}}}', 'reading'],
    ['{"stateChange":{"entity":"door"}}', 'stateChange'],
    ['{"alert":{"rule":"hot"}}', 'alert'],
    ['{"step":{"name":"build"}}', 'step'],
  ] as const) {
    const entry = new Entry('a', 9, place, json, jsonCodec.decodeEvent)
    const there = (['reading', 'stateChange', 'alert', 'step', 'data'] as const).filter((kind) => entry[kind])
    assert.deepEqual(there, [name])
    assert.equal(entry[name], entry.event.data.value)
  }
})
