import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromBinary } from '@bufbuild/protobuf'
import { type ErrorCode, EventSchema, WeirError } from '@weir/proto'
import { bareIngest } from '../test/fake-stream.ts'

const json = { 'content-type': 'application/json' }
const item = { subject: 'rooms.r1', data: { people: 3 } }
const text = JSON.stringify(item)

interface Answer {
  readonly accepted: number
  readonly duplicates: number
  readonly code?: string
  readonly detail?: string
  readonly rejected?: readonly { readonly index: number; readonly code: string; readonly message: string }[]
  readonly rejectedCount?: number
}

async function read(response: Response): Promise<Answer> {
  return (await response.json()) as Answer
}

test('one bad record in a batch is rejected alone, with its index and reason', async () => {
  const { post, stream } = await bareIngest()
  const items = [
    item,
    { subject: 'a b' },
    { subject: 'c', reading: { metrics: {} } },
    { subject: 'd', when: 1 },
    item,
    7,
  ]
  const answer = await post('/v1/events', JSON.stringify(items), json)
  assert.equal(answer.status, 200)
  const { accepted, duplicates, rejected = [] } = await read(answer)
  assert.deepEqual([accepted, duplicates], [2, 0])
  assert.deepEqual(
    rejected.map(({ index, code }) => [index, code]),
    [
      [1, 'malformed'],
      [2, 'invalid'],
      [3, 'malformed'],
      [5, 'malformed'],
    ],
  )
  assert.match(rejected[2]?.message ?? '', /when/)
  assert.equal(stream.messages.length, 2)
})

test('a request of bad records alone has the status of the first, and lists them all', async () => {
  const { post } = await bareIngest()
  const answer = await post(
    '/v1/events',
    JSON.stringify([{ subject: 'c', reading: { metrics: {} } }, { subject: '' }]),
    json,
  )
  assert.equal(answer.status, 422)
  assert.equal(answer.headers.get('content-type'), 'application/problem+json')
  assert.equal((await read(answer)).rejected?.length, 2)
})

test('an empty batch is stored', async () => {
  const { post } = await bareIngest()
  assert.deepEqual(await read(await post('/v1/events', '[]', json)), { accepted: 0, duplicates: 0 })
  const empty = await post('/v1/events', null, { 'content-type': 'application/x-protobuf' })
  assert.deepEqual(await read(empty), { accepted: 0, duplicates: 0 })
})

test('more rejected records than are listed are counted', async () => {
  const { post } = await bareIngest()
  const items = [item, ...Array.from({ length: 1500 }, () => ({ subject: '..' }))]
  const { rejected, rejectedCount } = await read(await post('/v1/events', JSON.stringify(items), json))
  assert.equal(rejected?.length, 1000)
  assert.equal(rejectedCount, 1500)
})

test('the same Idempotency-Key stores nothing twice, and ids that are given win', async () => {
  const { post, stream } = await bareIngest()
  const items = JSON.stringify([item, { ...item, id: 'mine' }])
  for (const [key, duplicates] of [
    ['"k-1"', 0],
    ['k-1', 2],
    ['k-2', 1],
  ] as const) {
    const answer = await read(await post('/v1/events', items, { ...json, 'idempotency-key': key }))
    assert.deepEqual([answer.accepted, answer.duplicates], [2, duplicates])
  }
  assert.deepEqual(
    stream.messages.map(({ payload }) => fromBinary(EventSchema, payload).id),
    ['k-1:0', 'mine', 'k-2:0'],
  )
  for (const key of ['', 'two words', 'x'.repeat(113)]) {
    const answer = await post('/v1/events', items, { ...json, 'idempotency-key': key })
    assert.equal(answer.status, 400, key)
  }
})

test('an id is that of its subject: on another it is another event, and none is dropped', async () => {
  const { post, stream } = await bareIngest()
  const items = JSON.stringify([
    { subject: 'a', id: 'order-1' },
    { subject: 'b', id: 'order-1' },
    { subject: 'a', id: 'order-1' },
  ])
  assert.deepEqual(await read(await post('/v1/events', items, json)), { accepted: 3, duplicates: 1 })
  assert.deepEqual(
    stream.messages.map(({ subject }) => subject),
    ['ev.main.a', 'ev.main.b'],
  )
})

test('without id and time a record gets a UUIDv7 and the time of its arrival', async () => {
  const now = Date.parse('2026-01-31T12:00:00.250Z')
  const { post, stream } = await bareIngest({ now: () => now })
  await post('/v1/events', JSON.stringify([item, item, item]), json)
  const events = stream.messages.map(({ payload }) => fromBinary(EventSchema, payload))
  assert.equal(new Set(events.map(({ id }) => id)).size, 3)
  for (const { id, time } of events) {
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    assert.equal(Number(time?.seconds) * 1000 + Number(time?.nanos) / 1e6, now)
  }
})

test('a body that cannot be parsed is 400', async () => {
  const { post } = await bareIngest()
  for (const [contentType, body] of [
    ['application/json', '{"subject":'],
    ['application/json', ''],
    ['application/json', new Uint8Array([0x22, 0xff, 0x22])],
    ['application/x-protobuf', new Uint8Array([0x0a, 0x05, 0x01])],
    ['application/x-protobuf', 'hello'],
    ['application/cloudevents-batch+json', '{}'],
  ] as const) {
    const answer = await post('/v1/events', body, { 'content-type': contentType })
    assert.equal(answer.status, 400, contentType)
    assert.equal((await read(answer)).code, 'malformed')
  }
})

test('an unknown type is 415, and says which there are', async () => {
  const { post } = await bareIngest()
  for (const headers of [{ 'content-type': 'text/plain' }, { 'content-type': '' }, { 'content-type': ';;=' }]) {
    const answer = await post('/v1/events', text, headers)
    assert.equal(answer.status, 415)
    assert.match(answer.headers.get('accept-post') ?? '', /application\/json, .*cloudevents/)
  }
  const packed = await post('/v1/events', text, { ...json, 'content-encoding': 'compress' })
  assert.equal(packed.status, 415)
  assert.match(packed.headers.get('accept-encoding') ?? '', /gzip.*zstd/)
})

test('a wrong method is 405 with Allow, an unknown path 404', async () => {
  const { ingest } = await bareIngest()
  const wrong = await ingest(new Request('http://ingest/v1/events', { method: 'GET' }))
  assert.deepEqual([wrong.status, wrong.headers.get('allow')], [405, 'POST'])
  const unknown = await ingest(new Request('http://ingest/v1/event', { method: 'POST' }))
  assert.equal(unknown.status, 404)
  const { detail = '' } = await read(unknown)
  assert.match(
    detail,
    /nothing at \/v1\/event\. Send to POST \/v1\/events, POST \/v1\/events\/\{subject\}, .*POST \/v1\/logs/,
  )
})

test('the page loads nothing, runs nothing and cannot be framed', async () => {
  const { ingest } = await bareIngest()
  const { headers } = await ingest(new Request('http://ingest/'))
  assert.match(
    headers.get('content-security-policy') ?? '',
    /^default-src 'none'; style-src 'sha256-.*frame-ancestors 'none'/,
  )
  assert.equal(headers.get('x-content-type-options'), 'nosniff')
})

const failures: readonly (readonly [ErrorCode, number])[] = [
  ['unavailable', 503],
  ['overloaded', 503],
  ['draining', 503],
  ['quota_exceeded', 503],
  ['internal', 503],
  ['too_large', 413],
]

for (const [code, status] of failures) {
  test(`a store that answers ${code} is ${status}`, async () => {
    const { post, stream } = await bareIngest()
    stream.failure = () => new WeirError(code, 'No.')
    const answer = await post('/v1/events', text, json)
    assert.equal(answer.status, status)
    assert.equal(answer.headers.has('retry-after'), status === 503)
  })
}

test('when a part of a batch failed for a reason that passes, the answer is 503 and says which', async () => {
  const { post, stream } = await bareIngest()
  stream.failure = ({ subject }) => (subject === 'ev.main.b' ? new WeirError('unavailable', 'No.') : undefined)
  const answer = await post('/v1/events', JSON.stringify([{ subject: 'a' }, { subject: 'b' }, { subject: '' }]), json)
  assert.equal(answer.status, 503)
  const { accepted, rejected } = await read(answer)
  assert.equal(accepted, 1)
  assert.deepEqual(
    rejected?.map(({ index, code }) => [index, code]),
    [
      [1, 'unavailable'],
      [2, 'malformed'],
    ],
  )
})

test('ack=none is answered with 202 before the stream has', async () => {
  const { ingest, post } = await bareIngest({ publisher: { publishAll: () => new Promise(() => undefined) } })
  assert.notEqual(ingest, undefined)
  const answer = await post('/v1/events?ack=none', JSON.stringify([item, { subject: '' }]), json)
  assert.equal(answer.status, 202)
  const { sent, rejected } = (await answer.json()) as { sent: number; rejected: unknown[] }
  assert.deepEqual([sent, rejected.length], [1, 1])
  assert.equal((await post('/v1/events?ack=none', '{"subject":""}', json)).status, 400)
})

test('pages of the origins that are listed may send, others may not', async () => {
  const { ingest, post } = await bareIngest({ origins: ['https://shop.example'] })
  const preflight = await ingest(
    new Request('http://ingest/v1/events', {
      method: 'OPTIONS',
      headers: { origin: 'https://shop.example', 'access-control-request-method': 'POST' },
    }),
  )
  assert.equal(preflight.status, 204)
  assert.equal(preflight.headers.get('access-control-allow-origin'), 'https://shop.example')
  const sent = await post('/v1/events', text, { ...json, origin: 'https://shop.example' })
  assert.equal(sent.headers.get('access-control-allow-origin'), 'https://shop.example')
  const other = await post('/v1/events', text, { ...json, origin: 'https://other.example' })
  assert.equal(other.headers.get('access-control-allow-origin'), null)
})
