import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { type Event, EventBatchSchema, EventSchema } from '@weir/proto'
import { bareIngest } from '../../../test/fake-stream.ts'
import { parseWebhookRoutes } from '../webhook/webhook-route.ts'

// What a producer writes is what is stored: each of these changes when JSON is parsed and printed
// again.

const exact =
  '{"id":12345678901234567890, "at":1790000000123456789,"big":1e400,"zero":-0,"price":1.10,"2":1,"1":2,"2":3}'

const routes = parseWebhookRoutes(`
routes:
  - { path: /hooks, subject: hooks, id: "{id}", labels: { price: "{price}" } }
  - { path: /hooks/each, each: a.list, subject: hooks }
  - { path: /hooks/metrics, subject: hooks, metrics: { bytes: if.octets, text: text }, time: "{at}" }
`)
const now = 1_790_000_000_000
let { post, stream } = await bareIngest({ routes, now: () => now })

beforeEach(async () => {
  ;({ post, stream } = await bareIngest({ routes, now: () => now }))
})

async function stored(path: string, body: string, contentType = 'application/json', headers = {}): Promise<Event[]> {
  const answer = await post(path, body, { 'content-type': contentType, ...headers })
  assert.equal(answer.status, 200, await answer.text())
  return stream.messages.map(({ payload }) => fromBinary(EventSchema, payload))
}

function data(events: readonly Event[]): unknown[] {
  return events.map((event) => event.data.value)
}

const cloudEvent = `{"specversion":"1.0","id":"1","source":"/s","type":"t","serial":12345678901234567890,"data": ${exact} }`

for (const [name, path, body, contentType, headers] of [
  ['an item', '/v1/events', `{"subject":"a","data": ${exact} }`, 'application/json'],
  ['an array', '/v1/events', `[{"subject":"b"},\n {"data":${exact},"subject":"a"} ]`, 'application/json'],
  ['lines', '/v1/events', `{"subject":"b"}\n{"subject":"a","data":${exact}}\n`, 'application/x-ndjson'],
  ['a raw body', '/v1/events/a', exact, 'application/json'],
  ['a raw body without a type', '/v1/events/a', exact, 'application/x-www-form-urlencoded'],
  ['a CloudEvent', '/v1/events', cloudEvent, 'application/cloudevents+json'],
  ['a batch of CloudEvents', '/v1/events', `[${cloudEvent}]`, 'application/cloudevents-batch+json'],
  [
    'a CloudEvent in binary mode',
    '/v1/events',
    exact,
    'application/json',
    { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/s', 'ce-type': 't' },
  ],
  ['a webhook', '/hooks', exact, 'application/json'],
  ['an element of a webhook', '/hooks/each', `{"a":{"list":[ ${exact} ]}}`, 'application/json'],
] as const) {
  test(`the data is the text of the producer: ${name}`, async () => {
    assert.equal(data(await stored(path, body, contentType, headers)).at(-1), exact)
  })
}

test('a number that a webhook takes into an id or a label keeps its digits, and so does an attribute of a CloudEvent', async () => {
  const [event] = await stored('/hooks', exact)
  assert.deepEqual([event?.id, event?.labels.price], ['12345678901234567890', '1.10'])
  const [, other] = await stored('/v1/events', cloudEvent, 'application/cloudevents+json')
  assert.equal(other?.labels.serial, '12345678901234567890')
})

test('an integer of a reading that a double cannot hold stands beside it', async () => {
  const item = '{"subject":"a","reading":{"metrics":{"bytes":9007199254740993,"even":9007199254740994,"x":1.5}}}'
  const given = '{"subject":"a","reading":{"integers":{"bytes":"9007199254740993","few":"7"}}}'
  const hook = '{"if":{"octets":9007199254740993},"text":"-9007199254740993","at":1790000000123456789}'
  await stored('/v1/events', `[${item},${given}]`)
  const events = await stored('/hooks/metrics', hook)
  const [first, second, third] = events.map(({ data }) => (data.case === 'reading' ? data.value : undefined))
  assert.deepEqual({ ...first?.integers }, { bytes: 9_007_199_254_740_993n })
  assert.deepEqual({ ...first?.metrics }, { bytes: 2 ** 53, even: 2 ** 53 + 2, x: 1.5 })
  assert.deepEqual({ ...second?.metrics }, { bytes: 2 ** 53, few: 7 })
  assert.deepEqual({ ...second?.integers }, { bytes: 9_007_199_254_740_993n, few: 7n })
  assert.deepEqual({ ...third?.integers }, { bytes: 9_007_199_254_740_993n, text: -9_007_199_254_740_993n })
  assert.equal(events[2]?.time?.nanos, 123_456_789)
})

test('integers that are not those of their metrics are refused, and so are those that are none', async () => {
  for (const [reading, status] of [
    ['{"metrics":{"a":1},"integers":{"a":"2"}}', 422],
    ['{"metrics":{"a":1},"integers":{"a":"1.5"}}', 400],
    ['{"metrics":{"a":1},"integers":{"a":"9223372036854775808"}}', 400],
    ['{"metrics":{"a":1},"integers":{"a":1e300}}', 400],
  ] as const) {
    const answer = await post('/v1/events', `{"subject":"a","reading":${reading}}`, {
      'content-type': 'application/json',
    })
    assert.equal(answer.status, status, reading)
  }
})

test('asInt of OTLP keeps all digits of 64 bits, and so do counts', async () => {
  const point = '"timeUnixNano":"1790000000000000000"'
  const [gauge, histogram] = await stored(
    '/v1/metrics',
    `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[
      {"name":"a","gauge":{"dataPoints":[{${point},"asInt":"9007199254740993"}]}},
      {"name":"h","histogram":{"dataPoints":[{${point},"count":9007199254740993,"bucketCounts":[9007199254740992,"1"],"explicitBounds":[1]}]}}]}]}]}`,
  )
  assert.deepEqual(gauge?.data.case === 'reading' && { ...gauge.data.value.integers }, {
    value: 9_007_199_254_740_993n,
  })
  assert.deepEqual(histogram?.data.case === 'reading' && { ...histogram.data.value.integers }, {
    count: 9_007_199_254_740_993n,
    'le=+Inf': 9_007_199_254_740_993n,
  })
})

test('a time is seconds, milliseconds, microseconds or nanoseconds by its magnitude, at every door', async () => {
  for (const [written, nanos] of [
    ['1790000000', 0],
    ['1790000000123', 123_000_000],
    ['1790000000123456', 123_456_000],
    ['1790000000123456789', 123_456_789],
    ['1790000000.123456789', 123_456_789],
    ['"1790000000123456789"', 123_456_789],
    ['"2026-09-21T14:13:20.123456789Z"', 123_456_789],
  ] as const) {
    const path = '/hooks/metrics'
    stream.messages.length = 0
    await stored('/v1/events', `{"subject":"a","id":"${written.replaceAll('"', '')}","time":${written}}`)
    const events = await stored(path, `{"text":1,"at":${written}}`)
    for (const { time } of events) assert.deepEqual([time?.seconds, time?.nanos], [1_790_000_000n, nanos], written)
  }
})

test('a time further ahead than a day is rejected with a reason, in every format; late is welcome', async () => {
  const ahead = String(now / 1000 + 86_401)
  for (const [path, body, contentType] of [
    ['/v1/events', `{"subject":"a","time":${ahead}}`, 'application/json'],
    ['/v1/events', `{"subject":"a","time":"2126-01-01T00:00:00Z"}`, 'application/json'],
    ['/v1/events', `{"subject":"a","reading":{"metrics":{"a":1},"times":{"a":${ahead}}}}`, 'application/json'],
    ['/hooks/metrics', `{"text":1,"at":${ahead}}`, 'application/json'],
    [
      '/v1/events',
      '{"specversion":"1.0","id":"1","source":"/s","type":"t","time":"2126-01-01T00:00:00Z"}',
      'application/cloudevents+json',
    ],
  ] as const) {
    const answer = await post(path, body, { 'content-type': contentType })
    assert.equal(answer.status, 422, body)
    assert.match(await answer.text(), /too far ahead of the clock here/)
  }
  const time = { seconds: BigInt(ahead), nanos: 0 }
  for (const data of [
    { case: 'binary' as const, value: { data: new Uint8Array(1) } },
    { case: 'stateChange' as const, value: { entity: 'e', to: 'on' } },
  ]) {
    const batch = toBinary(
      EventBatchSchema,
      create(EventBatchSchema, { items: [{ subject: 'a', event: { time, data } }] }),
    )
    const answer = await post('/v1/events', new Uint8Array(batch), { 'content-type': 'application/x-protobuf' })
    assert.equal(answer.status, 422, data.case)
    assert.match(await answer.text(), /too far ahead of the clock here/)
  }
  const point = `{"timeUnixNano":"${ahead}000000000","asInt":5}`
  const metrics = `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"a","gauge":{"dataPoints":[${point}]}}]}]}]}`
  const answer = await post('/v1/metrics', metrics, { 'content-type': 'application/json' })
  assert.match(await answer.text(), /"rejectedDataPoints":"1".*too far ahead/)
  for (const seconds of [now / 1000 + 86_400, 1]) {
    assert.equal(
      (await post('/v1/events', `{"subject":"a","time":${seconds}}`, { 'content-type': 'application/json' })).status,
      200,
    )
  }
})
