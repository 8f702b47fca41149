import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { type DescMessage, fromBinary, type MessageShape, toBinary } from '@bufbuild/protobuf'
import { EventSchema } from './gen/weir/v1/event_pb.js'
import { ClientFrameSchema, ServerFrameSchema } from './gen/weir/v1/wire_pb.js'
import { clientFrameFromJson, clientFrameToJson } from './json/client-frame-json.ts'
import { eventFromJson } from './json/event-from-json.ts'
import { eventToJson } from './json/event-json.ts'
import { serverFrameFromJson } from './json/read-server-frame.ts'
import { batchToJson, serverFrameToJson } from './json/server-frame-json.ts'

// Golden vectors: both forms of each message as they are on the wire. The bytes were written by
// `buf convert`, which shares no code with Weir. A vector is never changed, only added: older
// clients and stored events rely on them.

interface EventVector {
  readonly name: string
  readonly hex: string
  readonly json: unknown
}

interface FrameVector extends EventVector {
  readonly from: 'client' | 'server'
  /** For a batch: the epoch of its cursor. */
  readonly epoch?: number
}

for (const { name, hex, json } of read<EventVector>('events.json')) {
  test(`event: ${name}`, () => {
    assert.deepEqual(eventToJson(decode(EventSchema, hex)), json)
    assert.equal(encode(EventSchema, eventFromJson(json)), hex)
  })
}

for (const { name, from, hex, epoch, json } of read<FrameVector>('frames.json')) {
  test(`${from}: ${name}`, () => {
    if (from === 'client') {
      assert.deepEqual(JSON.parse(clientFrameToJson(decode(ClientFrameSchema, hex))), json)
      assert.equal(encode(ClientFrameSchema, clientFrameFromJson(JSON.stringify(json))), hex)
    } else {
      const decoded = decode(ServerFrameSchema, hex)
      const { frame } = decoded
      const text = frame.case === 'batch' ? batchToJson(frame.value, epoch ?? 0) : serverFrameToJson(decoded)
      assert.deepEqual(JSON.parse(text), json)
      assert.equal(encode(ServerFrameSchema, serverFrameFromJson(JSON.stringify(json))), hex)
    }
  })
}

test('there is a vector of each frame', () => {
  const frames = read<FrameVector>('frames.json')
  for (const [from, schema] of [
    ['client', ClientFrameSchema],
    ['server', ServerFrameSchema],
  ] as const) {
    const there = new Set(
      frames.filter((vector) => vector.from === from).map(({ hex }) => decode(schema, hex).frame.case),
    )
    assert.deepEqual(there, new Set(schema.fields.map(({ localName }) => localName)))
  }
})

function read<Vector>(file: string): Vector[] {
  return JSON.parse(readFileSync(new URL(`../test/golden/${file}`, import.meta.url), 'utf8')) as Vector[]
}

function decode<Desc extends DescMessage>(schema: Desc, hex: string): MessageShape<Desc> {
  return fromBinary(schema, new Uint8Array(Buffer.from(hex, 'hex')))
}

function encode<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): string {
  return Buffer.from(toBinary(schema, message)).toString('hex')
}
