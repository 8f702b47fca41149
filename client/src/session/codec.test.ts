import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WeirError } from '@weir/proto'
import { jsonCodec, protobufCodec } from './codec.ts'

test('each codec says what a message counts against the window', () => {
  assert.deepEqual(protobufCodec.decode(new Uint8Array([0x3a, 0x00])).bytes, 2)
  const text = '{"type":"gap","id":1,"from":0,"to":1,"reason":"é€😀"}'
  assert.equal(jsonCodec.decode(text).bytes, new TextEncoder().encode(text).length)
})

test('what is no frame is malformed', () => {
  for (const decode of [
    () => protobufCodec.decode('{}'),
    () => protobufCodec.decode(new Uint8Array([0x0a, 0x7f])),
    () => jsonCodec.decode(new Uint8Array([0x3a, 0x00])),
    () => jsonCodec.decode('{'),
  ]) {
    assert.throws(decode, (error) => error instanceof WeirError && error.code === 'malformed')
  }
})

test('both codecs give the same bytes of an event', () => {
  const json = jsonCodec.decode(
    '{"type":"batch","channel":1,"from":0,"to":1,"entries":[{"subject":"a","seq":1,"event":{"id":"x"}}]}',
  )
  const entry = json.frame.case === 'batch' ? json.frame.value.entries[0] : undefined
  assert.deepEqual(entry?.content, { case: 'event', value: new Uint8Array([0x0a, 0x01, 0x78]) })
})
