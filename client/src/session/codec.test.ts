import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, toBinary } from '@bufbuild/protobuf'
import { BatchSchema, batchToJson, EventSchema, ServerFrameSchema, WeirError } from '@weir/proto'
import { jsonCodec } from './json-codec.ts'
import { protobufCodec } from './protobuf-codec.ts'

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

test('both codecs give the same event, its data as the producer wrote it', () => {
  const data = '{"id":12345678901234567890,"b":-0, "a":1e400}'
  const event = create(EventSchema, { id: 'x', data: { case: 'json', value: data } })
  const batch = create(BatchSchema, {
    channel: 1,
    to: 1n,
    entries: [{ subject: 'a', seq: 1n, content: { case: 'event', value: toBinary(EventSchema, event) } }],
  })
  const binary = toBinary(ServerFrameSchema, create(ServerFrameSchema, { frame: { case: 'batch', value: batch } }))
  for (const [codec, message] of [
    [jsonCodec, batchToJson(batch, 1)],
    [protobufCodec, binary],
  ] as const) {
    const { frame } = codec.decode(message)
    const content = frame.case === 'batch' ? frame.value.entries[0]?.content : undefined
    assert.ok(content?.case === 'event')
    assert.deepEqual(codec.decodeEvent(content.value), event)
  }
})

test('what a hub could not decode is an event without anything', () => {
  assert.deepEqual(jsonCodec.decodeEvent('null'), create(EventSchema))
  assert.deepEqual(protobufCodec.decodeEvent(new Uint8Array(0)), create(EventSchema))
})
