import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { type Event, EventBatchSchema, EventSchema } from '@weir/proto'
import { bareIngest } from '../test/fake-stream.ts'
import { parseWebhookRoutes } from './formats/webhook/webhook-route.ts'
import { CloudEventBatchSchema, CloudEventSchema } from './gen/io/cloudevents/v1/cloudevents_pb.js'

// What nobody sends by accident. Each is answered, and the service takes a good request after it.

const routes = parseWebhookRoutes(
  'routes: [{ path: /hooks, subject: hooks }, { path: /hooks/each, each: list, subject: "hooks.{name}" }]',
)
const { post, stream } = await bareIngest({ routes })
const json = { 'content-type': 'application/json' }
const protobuf = { 'content-type': 'application/x-protobuf' }

async function send(
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string>,
): Promise<[number, string]> {
  const answer = await post('/v1/events', body, headers)
  const { code = 'stored' } = (await answer.json()) as { code?: string }
  assert.equal((await post('/v1/events', '{"subject":"good"}', json)).status, 200)
  return [answer.status, code]
}

/** The event of the request before the good one that `send` adds. */
function last(): Event {
  const message = stream.messages.at(-2)
  return fromBinary(EventSchema, message?.payload ?? new Uint8Array(0))
}

test('deep JSON', async () => {
  const deep = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
  assert.deepEqual(await send(`{"subject":"a","data":${deep(64)}}`, json), [200, 'stored'])
  assert.deepEqual(await send(`{"subject":"a","data":${deep(65)}}`, json), [400, 'malformed'])
  assert.deepEqual(await send(`{"subject":"a","data":${deep(100_000)}}`, json), [400, 'malformed'])
  assert.deepEqual(await send(deep(100_000), json), [400, 'malformed'])
})

test('deep JSON in a CloudEvent, in a webhook and as a raw body', async () => {
  const deep = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
  const cloudEvent = (depth: number): string =>
    `{"specversion":"1.0","id":"a","source":"/b","type":"c","data":${deep(depth)}}`
  for (const depth of [65, 10_000, 100_000]) {
    const structured = await post('/v1/events', cloudEvent(depth), { 'content-type': 'application/cloudevents+json' })
    assert.equal(structured.status, 400)
    assert.equal((await post('/hooks', deep(depth), json)).status, 400)
    assert.equal((await post('/v1/events/raw', deep(depth), json)).status, 422)
  }
})

test('deep values of OTLP', async () => {
  const deep = (depth: number): unknown =>
    depth === 0 ? { stringValue: 'x' } : { arrayValue: { values: [deep(depth - 1)] } }
  const request = (depth: number): string => {
    const logRecords = [{ body: deep(depth) }, { body: { stringValue: 'fine' } }]
    return JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] })
  }
  const answer = await post('/v1/logs', request(20), json)
  assert.equal(answer.status, 200)
  const { partialSuccess } = (await answer.json()) as { partialSuccess: { rejectedLogRecords: string } }
  assert.equal(partialSuccess.rejectedLogRecords, '1')
  const deeper = await post('/v1/logs', request(1000), json)
  assert.equal(deeper.status, 200)
  assert.match(await deeper.text(), /"rejectedLogRecords":"1"/)
})

test('what is not UTF-8 is refused in every format that is text; of NDJSON only the line', async () => {
  const spoilt = (text: string): Uint8Array<ArrayBuffer> =>
    new TextEncoder().encode(text).map((at) => (at === 0x7e ? 0xff : at))
  for (const [path, contentType, body] of [
    ['/v1/events', 'application/json', '{"subject":"a","type":"~"}'],
    ['/v1/events', 'application/cloudevents+json', '{"specversion":"1.0","id":"~","source":"/b","type":"c"}'],
    ['/v1/events', 'application/cloudevents-batch+json', '[{"specversion":"1.0","id":"~","source":"/b","type":"c"}]'],
    ['/v1/events/a', 'application/json', '"~"'],
    ['/hooks', 'application/json', '"~"'],
    ['/hooks', 'application/x-www-form-urlencoded', 'name=~'],
    ['/v1/metrics', 'application/json', '{"resourceMetrics":[],"~":1}'],
    ['/v1/logs', 'application/json', '{"resourceLogs":[],"~":1}'],
  ] as const) {
    const answer = await post(path, spoilt(body), { 'content-type': contentType })
    assert.equal(answer.status, 400, `${path} ${contentType}`)
    assert.match(await answer.text(), /not UTF-8/)
  }
  const lines = ['{"subject":"a"}', '', '{"subject":"b","type":"~"}', '{"subject":"c"}']
  const answer = await post('/v1/events', spoilt(lines.join('\n')), { 'content-type': 'application/x-ndjson' })
  assert.deepEqual(await answer.json(), {
    accepted: 2,
    duplicates: 0,
    rejected: [{ index: 1, code: 'malformed', message: 'The line is not UTF-8.' }],
  })
})

test('one bad record among good ones is rejected alone, with its index, in every format that holds several', async () => {
  const good = { specversion: '1.0', id: '1', source: '/b', type: 'c' }
  const items = [{ subject: 'a' }, { subject: 'a b' }, { subject: 'c' }]
  const batch = toBinary(EventBatchSchema, create(EventBatchSchema, { items }))
  for (const [path, contentType, body] of [
    ['/v1/events', 'application/json', JSON.stringify(items)],
    ['/v1/events', 'application/x-ndjson', '{"subject":"a"}\n{"subject":\n{"subject":"c"}\n'],
    ['/v1/events', 'application/x-protobuf', bytes(batch)],
    [
      '/v1/events',
      'application/cloudevents-batch+json',
      JSON.stringify([good, { ...good, specversion: '0.3' }, { ...good, id: '2' }]),
    ],
    ['/hooks/each', 'application/json', '{"list":[{"name":"a"},{},{"name":"c"}]}'],
  ] as const) {
    const before = stream.messages.length
    const answer = await post(path, body, { 'content-type': contentType })
    const { accepted, rejected = [] } = (await answer.json()) as { accepted: number; rejected?: { index: number }[] }
    const indexes = rejected.map(({ index }) => index)
    assert.deepEqual([answer.status, accepted, indexes], [200, 2, [1]], contentType)
    assert.ok(stream.messages.length > before)
  }
})

test('names of prototypes are names like any other', async () => {
  const body =
    '{"subject":"a","labels":{"__proto__":"x","constructor":"y","toString":"z"},"reading":{"metrics":{"__proto__":1,"hasOwnProperty":2}}}'
  assert.deepEqual(await send(body, json), [200, 'stored'])
  const event = last()
  assert.deepEqual(Object.keys(event.labels).sort(), ['__proto__', 'constructor', 'toString'])
  assert.equal(({} as { x?: unknown }).x, undefined)
  assert.deepEqual(await send('{"subject":"a","__proto__":{"type":"evil"}}', json), [400, 'malformed'])
  assert.deepEqual(await send('{"constructor":1}', json), [400, 'malformed'])
})

test('duplicate keys: the last one counts', async () => {
  assert.deepEqual(await send('{"subject":"x","subject":"a","type":"one","type":"two"}', json), [200, 'stored'])
  assert.equal(last().type, 'two')
})

test('10,000 labels', async () => {
  const labels = Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`k${at}`, 'v']))
  assert.deepEqual(await send(JSON.stringify({ subject: 'a', labels }), json), [422, 'invalid'])
  const batch = create(EventBatchSchema, { items: [{ subject: 'a', event: { labels } }] })
  assert.deepEqual(await send(bytes(toBinary(EventBatchSchema, batch)), protobuf), [422, 'invalid'])
})

test('NaN and infinities', async () => {
  for (const value of ['"NaN"', '"Infinity"', '"-Infinity"', '1e999']) {
    assert.deepEqual(await send(`{"subject":"a","reading":{"metrics":{"x":${value}}}}`, json), [422, 'invalid'])
  }
  assert.deepEqual(await send('{"subject":"a","reading":{"metrics":{"x":NaN}}}', json), [400, 'malformed'])
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const event = { data: { case: 'reading' as const, value: { metrics: { x: value } } } }
    const batch = create(EventBatchSchema, { items: [{ subject: 'a', event }] })
    assert.deepEqual(await send(bytes(toBinary(EventBatchSchema, batch)), protobuf), [422, 'invalid'])
  }
})

test('times before 1970 are kept; times that no calendar has are refused', async () => {
  assert.deepEqual(await send('{"subject":"a","time":"1901-02-03T04:05:06Z"}', json), [200, 'stored'])
  assert.equal(last().time?.seconds, BigInt(Date.parse('1901-02-03T04:05:06Z') / 1000))
  assert.deepEqual(await send('{"subject":"a","time":-1}', json), [200, 'stored'])
  for (const time of ['"2026-02-30T00:00:00Z"', '"yesterday"', '1e21', '-1e20', '{}']) {
    assert.deepEqual(await send(`{"subject":"a","time":${time}}`, json), [400, 'malformed'])
  }
  const batch = create(EventBatchSchema, { items: [{ subject: 'a', event: { time: { seconds: 2n ** 62n } } }] })
  assert.deepEqual(await send(bytes(toBinary(EventBatchSchema, batch)), protobuf), [422, 'invalid'])
})

test('an event of more than 256 KiB is refused alone', async () => {
  const items = [{ subject: 'a', data: 'x'.repeat(300_000) }, { subject: 'b' }]
  const answer = await post('/v1/events', JSON.stringify(items), json)
  const { accepted, rejected } = (await answer.json()) as { accepted: number; rejected: { code: string }[] }
  assert.deepEqual([accepted, rejected[0]?.code], [1, 'too_large'])
})

test('text under json that is no JSON', async () => {
  const batch = create(EventBatchSchema, { items: [{ subject: 'a', event: { data: { case: 'json', value: '{' } } }] })
  assert.deepEqual(await send(bytes(toBinary(EventBatchSchema, batch)), protobuf), [422, 'invalid'])
})

const half = '"\\ud800"'
const good = '"subject":"a"'
const itemsWithHalf = [
  `{"subject":${half}}`,
  `{${good},"id":${half}}`,
  `{${good},"type":${half}}`,
  `{${good},"source":"${'x'.repeat(100)}\\udc00"}`,
  `{${good},"labels":{"a":${half}}}`,
  `{${good},"labels":{${half}:"a"}}`,
  `{${good},"traceparent":${half}}`,
  `{${good},"reading":{"metrics":{${half}:1}}}`,
  `{${good},"reading":{"metrics":{"a":1},"units":{"a":${half}}}}`,
  `{${good},"reading":{"metrics":{${half}:1},"integers":{${half}:"1"}}}`,
  `{${good},"stateChange":{"entity":"e","to":${half}}}`,
  `{${good},"alert":{"rule":"r","severity":"WARNING","status":"FIRING","message":${half}}}`,
  `{${good},"step":{"name":"n","status":"PROCESSING","message":${half}}}`,
  `{${good},"binary":{"contentType":${half},"data":"AA=="}}`,
  `{${good},"any":{"typeUrl":${half}}}`,
]

for (const [name, contentType, body] of [
  ['JSON', 'application/json', (items: readonly string[]) => `[${items.join()}]`],
  ['NDJSON', 'application/x-ndjson', (items: readonly string[]) => items.join('\n')],
] as const) {
  test(`half of a surrogate pair anywhere but in data, in ${name}: that record alone`, async () => {
    const whole = `{${good},"type":"\\ud83d\\ude00","data":${half}}`
    const answer = await post('/v1/events', body([...itemsWithHalf, whole]), { 'content-type': contentType })
    const { accepted, rejected } = (await answer.json()) as Rejections
    const codes = rejected.map(({ index, code }) => [index, code])
    const expected = itemsWithHalf.map((item, index) => [index, item.includes('traceparent') ? 'invalid' : 'malformed'])
    assert.deepEqual([accepted, codes], [1, expected])
    const stored = fromBinary(EventSchema, stream.messages.at(-1)?.payload ?? new Uint8Array(0))
    assert.deepEqual([stored.type, stored.data.value], ['\u{1f600}', half])
  })
}

test('half of a surrogate pair in a batch of CloudEvents: that record alone', async () => {
  const whole = { specversion: '1.0', id: '1', source: '/s', type: 't' }
  const halves = [
    { id: '\ud800' },
    { id: `${'x'.repeat(200)}\ud800` },
    { source: '\ud800' },
    { type: '\ud800' },
    { subject: '\ud800' },
    { extension: '\ud800' },
    { datacontenttype: 'text/plain', data: '\ud800' },
  ]
  const events = [...halves.map((half) => ({ ...whole, ...half })), { ...whole, data: '\ud800' }]
  const answer = await post('/v1/events', JSON.stringify(events), {
    'content-type': 'application/cloudevents-batch+json',
  })
  const { accepted, rejected } = (await answer.json()) as Rejections
  const expected = halves.map((_, index) => [index, 'malformed'])
  assert.deepEqual([accepted, rejected.map(({ index, code }) => [index, code])], [1, expected])
})

test('bytes that are no UTF-8: that record alone, in NDJSON, in Protobuf and in a batch of CloudEvents', async () => {
  const event = create(CloudEventSchema, { specVersion: '1.0', id: '1', source: '/s', type: 't' })
  const bodies = {
    'application/x-ndjson': utf8(`{"subject":"a","type":"@@"}\n{"subject":"a"}`),
    'application/x-protobuf': toBinary(
      EventBatchSchema,
      create(EventBatchSchema, { items: [{ subject: 'a', event: { type: '@@' } }, { subject: 'a' }] }),
    ),
    'application/cloudevents-batch+protobuf': toBinary(
      CloudEventBatchSchema,
      create(CloudEventBatchSchema, { events: [{ ...event, type: '@@' }, event] }),
    ),
  }
  for (const [contentType, body] of Object.entries(bodies)) {
    const at = Buffer.from(body).indexOf('@@')
    body.fill(0xff, at, at + 2)
    const answer = await post('/v1/events', bytes(body), { 'content-type': contentType })
    const { accepted, rejected } = (await answer.json()) as Rejections
    assert.deepEqual([accepted, rejected.map(({ index, code }) => [index, code])], [1, [[0, 'malformed']]], contentType)
  }
})

interface Rejections {
  readonly accepted: number
  readonly rejected: readonly { readonly index: number; readonly code: string }[]
}

test('lengths that lie', async () => {
  for (const body of [
    [0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f],
    [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    [0x0b],
    [0x0c],
    [0x09, 0x00],
    [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  ]) {
    assert.deepEqual(await send(Uint8Array.from(body), protobuf), [400, 'malformed'])
  }
})

test('ids and subjects that would break out of a NATS header or subject', async () => {
  assert.deepEqual(await send('{"subject":"a","id":"x\\r\\nNats-Rollup: all"}', json), [200, 'stored'])
  for (const subject of ['a b', 'a.>', '*', 'a\\r\\nPUB', '$SYS.x', 'ev.main.x/..', 'ä', 'a\\u0000']) {
    assert.deepEqual(await send(`{"subject":"${subject}"}`, json), [400, 'malformed'], subject)
  }
})

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function bytes(value: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(value)
}
