import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import {
  ClientFrameSchema,
  EventSchema,
  entryBytesMax,
  errorCodes,
  eventToJson,
  type JsonSchema,
  ServerFrameSchema,
  serverFrameToJson,
  writeEntry,
} from '@weir/proto'
import { jsonCodec } from '../codec/codec-json.ts'
import type { Entry } from '../engine/log/entry.ts'
import { type AsyncApi, asyncApiDocument } from './async-api.ts'

const bounds = {
  subscriptionsMax: 1,
  filtersMax: 2,
  framesPerSecond: 3,
  windowBytesMax: 4,
  heartbeatMs: 5,
  stallMs: 6,
  secret: 'not to be shown',
}
const document = JSON.parse(JSON.stringify(asyncApiDocument(bounds))) as AsyncApi

describe('the AsyncAPI document', () => {
  test('is whole: every reference leads somewhere', () => {
    const references: string[] = []
    JSON.stringify(document, (key, value) => {
      if (key === '$ref') references.push(value)
      return value
    })
    assert.ok(references.length > 20)
    for (const reference of references) assert.notEqual(resolve(reference), undefined, reference)
  })

  test('has what AsyncAPI 3.0 asks of it', () => {
    assert.equal(document.asyncapi, '3.0.0')
    const { title, version } = document.info as { title: string; version: string }
    assert.ok(title !== '' && /^\d+\.\d+\.\d+$/.test(version))
    for (const { address, messages } of Object.values(document.channels)) {
      assert.match(address, /^\/v1\//)
      assert.ok(Object.keys(messages).length > 0)
    }
    for (const { action, channel, messages } of Object.values(document.operations)) {
      assert.ok(action === 'send' || action === 'receive')
      // An operation's messages are a subset of its channel's.
      for (const { $ref } of messages) assert.ok($ref.startsWith(`${channel.$ref}/messages/`))
    }
  })

  test('knows every frame of the wire, and every code', () => {
    const names = [...ClientFrameSchema.fields, ...ServerFrameSchema.fields].map(({ jsonName }) => jsonName)
    for (const name of names) assert.ok(document.components.messages[name] !== undefined, name)
    assert.deepEqual(
      (document['x-errors'] as { code: string }[]).map(({ code }) => code),
      errorCodes,
    )
  })

  test('describes what is really sent', () => {
    const event = create(EventSchema, {
      id: 'e1',
      labels: { a: 'b' },
      time: { seconds: 1n },
      data: { case: 'alert', value: { rule: 'r', severity: 2, since: { seconds: 2n } } },
    })
    const samples = [
      '{"type":"hello","token":"t","client":"c","windowBytes":1}',
      '{"type":"subscribe","id":1,"source":"events","filters":["a"],"mode":"LATEST","cursor":"a-1","intervalMs":5}',
      '{"type":"ping"}',
      serverFrame({ case: 'subscribed', value: { id: 1, channel: 2, cursor: { epoch: 36n, seq: 1n }, start: 4 } }),
      serverFrame({ case: 'welcome', value: { session: 's', hub: 'h', limits: {}, tokenExpires: 9n } }),
      serverFrame({ case: 'subscribed', value: { id: 1, start: 1, shards: { shards: [shard, shard] } } }),
      serverFrame({ case: 'gap', value: { id: 1, from: 1n, to: 2n, reason: 'retention' } }),
      serverFrame({ case: 'gap', value: { id: 1, from: 1n, to: 2n, reason: 'retention', channel: 2 } }),
      serverFrame({ case: 'refused', value: { id: 1, code: 'forbidden', message: 'no' } }),
      serverFrame({ case: 'goaway', value: { reason: 'draining', reconnectAfterMs: 5 } }),
      new TextDecoder().decode(
        jsonCodec.batch({ channel: 1, from: 0, to: 3, conflated: 1, uncounted: true }, 36, [
          { seq: 3, state: { subject: 'a' } as never, removal: 2, bytes: new Uint8Array(0), start: 0, end: 0 },
          storedEntry(toBinary(EventSchema, event)),
          storedEntry(Uint8Array.of(0xff, 0xff)),
        ]),
      ),
    ]
    for (const sample of samples) {
      const value = JSON.parse(sample) as { type: string }
      const payload = document.components.messages[value.type]?.payload
      assert.ok(payload !== undefined, value.type)
      conforms(value, payload, value.type)
    }
    conforms(eventToJson(event), document.components.schemas.event ?? {}, 'event')
  })

  test('a value that is not as described does not conform, so that the test above can fail', () => {
    const { payload } = document.components.messages.subscribed ?? { payload: {} }
    const good = { type: 'subscribed', id: 1, channel: 2, cursor: 'a-1', start: 'HEAD' }
    conforms(good, payload, 'good')
    for (const fault of [{ start: 'HERE' }, { id: -1 }, { id: 'x' }, { cursor: 5 }, { extra: 1 }, { type: 'gap' }]) {
      assert.throws(() => conforms({ ...good, ...fault }, payload, 'bad'), JSON.stringify(fault))
    }
  })

  test('says nothing that is nobody’s business', () => {
    assert.ok(!JSON.stringify(document).includes('not to be shown'))
  })
})

const shard = { channel: 2, cursor: { epoch: 36n, seq: 1n } }

function storedEntry(payload: Uint8Array): Entry {
  const bytes = new Uint8Array(entryBytesMax(1, payload.length))
  const end = writeEntry(bytes, 0, 'a', 4, payload, 0)
  return { seq: 4, state: { subject: 'a' } as never, removal: 0, bytes, start: 0, end }
}

function serverFrame(frame: MessageInitShape<typeof ServerFrameSchema>['frame']): string {
  return serverFrameToJson(create(ServerFrameSchema, { frame } as MessageInitShape<typeof ServerFrameSchema>))
}

function resolve(reference: string): unknown {
  return reference
    .slice(2)
    .split('/')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], document)
}

/**
 * As much of JSON Schema as the document uses; a property that the schema does not name is a fault.
 */
function conforms(value: unknown, schema: JsonSchema, path: string): void {
  const { $ref, type, properties, required, items, additionalProperties, enum: values, const: only, pattern } = schema
  if (typeof $ref === 'string') conforms(value, resolve($ref) as JsonSchema, path)
  if (only !== undefined) assert.equal(value, only, path)
  if (Array.isArray(values)) assert.ok(values.includes(value), `${path}: ${value} is not one of ${values}`)
  const { anyOf } = schema
  if (Array.isArray(anyOf))
    assert.ok(
      anyOf.some((each) => passes(value, each, path)),
      path,
    )
  if (typeof pattern === 'string') assert.match(String(value), new RegExp(pattern), path)
  if (type === 'integer') assert.ok(Number.isInteger(value) && Number(value) >= Number(schema.minimum ?? value), path)
  else if (type === 'array') for (const each of value as unknown[]) conforms(each, items as JsonSchema, `${path}[]`)
  else if (type === 'null') assert.equal(value, null, path)
  else if (type !== undefined) assert.equal(typeof value, type, path)
  if (type !== 'object') return
  for (const name of (required as string[] | undefined) ?? []) assert.ok(name in (value as object), `${path}.${name}`)
  for (const [name, member] of Object.entries(value as object)) {
    const inner = (properties as Record<string, JsonSchema> | undefined)?.[name] ?? additionalProperties
    assert.ok(inner !== undefined, `${path}.${name} is not described`)
    conforms(member, inner as JsonSchema, `${path}.${name}`)
  }
}

function passes(value: unknown, schema: JsonSchema, path: string): boolean {
  try {
    conforms(value, schema, path)
    return true
  } catch {
    return false
  }
}
