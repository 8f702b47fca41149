import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { type Body, bareIngest, tokenFor } from '../test/fake-stream.ts'
import { streamUnpackers } from './body/unpack.ts'

// What a request may cost: its body, its time, the share of its producer, the subjects of a tenant.

const json = { 'content-type': 'application/json' }
const item = { subject: 'rooms.r1', data: { people: 3 } }
const text = JSON.stringify(item)

async function read(response: Response): Promise<{ readonly code?: string; readonly detail?: string }> {
  return (await response.json()) as { code?: string; detail?: string }
}

const packers: Readonly<Record<string, (body: Buffer) => Buffer>> = {
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
}

for (const [coding, pack] of Object.entries(packers)) {
  test(`${coding}: a packed body is unpacked, a bomb and a broken one are refused`, async () => {
    const { post } = await bareIngest({ limits: { bodyBytesMax: 100_000 } })
    const headers = { ...json, 'content-encoding': coding }
    assert.equal((await post('/v1/events', bytes(pack(Buffer.from(text))), headers)).status, 200)
    const bomb = pack(Buffer.alloc(20_000_000, ' '))
    assert.ok(bomb.length < 100_000)
    assert.equal((await post('/v1/events', bytes(bomb), headers)).status, 413)
    assert.equal((await post('/v1/events', text, headers)).status, 400)
    assert.equal((await post('/v1/events', bytes(pack(Buffer.from(text)).subarray(0, 20)), headers)).status, 400)
  })
}

test('without node:zlib, gzip and deflate are unpacked by the streams of the platform, under the same limit', async () => {
  const { post } = await bareIngest({ unpackers: streamUnpackers, limits: { bodyBytesMax: 100_000 } })
  for (const [coding, pack] of [
    ['gzip', gzipSync],
    ['deflate', deflateSync],
  ] as const) {
    const headers = { ...json, 'content-encoding': coding }
    assert.equal((await post('/v1/events', bytes(pack(Buffer.from(text))), headers)).status, 200)
    assert.equal((await post('/v1/events', bytes(pack(Buffer.alloc(20_000_000))), headers)).status, 413)
    assert.equal((await post('/v1/events', text, headers)).status, 400)
  }
  const unknown = await post('/v1/events', text, { ...json, 'content-encoding': 'br' })
  assert.equal(unknown.status, 415)
})

test('a body over the limit is 413, declared or streamed', async () => {
  const { post } = await bareIngest({ limits: { bodyBytesMax: 1000 } })
  const large = JSON.stringify([{ ...item, data: 'x'.repeat(1000) }])
  assert.equal((await post('/v1/events', large, { ...json, 'content-length': String(large.length) })).status, 413)
  assert.equal((await post('/v1/events', streamOf(large), json)).status, 413)
  assert.equal((await post('/v1/events', streamOf(text), json)).status, 200)
})

test('a body that does not arrive in time is 408', async () => {
  const { post } = await bareIngest({ limits: { bodyMs: 50 } })
  const endless = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(new Uint8Array(3)) })
  const answer = await post('/v1/events', endless, json)
  assert.equal(answer.status, 408)
  assert.equal((await read(answer)).code, 'slow_body')
})

test('more records than a request may hold are 413', async () => {
  const { post } = await bareIngest()
  const lines = '{"subject":"a"}\n'.repeat(20_001)
  assert.equal((await post('/v1/events', lines, { 'content-type': 'application/x-ndjson' })).status, 413)
})

/** A body that begins and does not go on. */
function stuck(bytes: number): Body {
  return new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(new Uint8Array(bytes)) })
}

test('a body past the share of its producer is 503, and others are served', async () => {
  const limits = { bodyBytesMax: 1000, bodiesBytesMax: 9000, bodyMs: 1500 }
  const { post } = await bareIngest({ limits })
  const other = { authorization: `Bearer ${await tokenFor(['>'], 'other')}` }
  const held = [900, 900, 900].map((bytes) => post('/v1/events', stuck(bytes), json))
  await sleep(10)
  const large = JSON.stringify({ ...item, data: 'x'.repeat(900) })
  const refused = await post('/v1/events', streamOf(large), json)
  assert.equal(refused.status, 503)
  assert.equal((await read(refused)).code, 'overloaded')
  assert.equal((await post('/v1/events', streamOf(large), { ...json, ...other })).status, 200)
  for (const answer of await Promise.all(held)) assert.equal(answer.status, 408)
  assert.equal((await post('/v1/events', streamOf(large), json)).status, 200)
})

test('large bodies that are declared and do not come hold nothing from anybody', async () => {
  const { post } = await bareIngest({ limits: { bodyMs: 200 } })
  const length = { 'content-length': String(8 * 1024 * 1024) }
  const held = Array.from({ length: 64 }, () => post('/v1/events', stuck(10), { ...json, ...length }))
  await sleep(10)
  const large = JSON.stringify({ ...item, data: 'x'.repeat(200_000) })
  assert.equal((await post('/v1/events', streamOf(large), json)).status, 200)
  for (const answer of await Promise.all(held)) assert.equal(answer.status, 408)
})

test('a tenant that is not there is 404 at once, which says how to make it; where nobody knows, the store answers', async () => {
  const { post } = await bareIngest({ tenantExists: async () => false })
  const began = Date.now()
  const answer = await post('/v1/events', stuck(10), json)
  assert.equal(answer.status, 404)
  assert.match((await read(answer)).detail ?? '', /no tenant "main".*weir tenant create main/)
  assert.ok(Date.now() - began < 1_000)
  const unsure = await bareIngest({ tenantExists: async () => undefined })
  assert.equal((await unsure.post('/v1/events', text, json)).status, 200)
})

test('who may publish nothing is refused before the body is read, and so is the subject of a path that is not granted', async () => {
  const { post } = await bareIngest({ limits: { bodyMs: 5_000 } })
  const nothing = { authorization: `Bearer ${await tokenFor([])}` }
  const rooms = { authorization: `Bearer ${await tokenFor(['rooms.>'], 'rooms')}` }
  for (const [path, headers, message] of [
    ['/v1/events', nothing, /grants publishing nowhere/],
    ['/v1/metrics', nothing, /grants publishing nowhere/],
    ['/v1/events/kitchen.k1', rooms, /not grant publishing to kitchen\.k1/],
  ] as const) {
    const began = Date.now()
    const answer = await post(path, stuck(10), { ...json, ...headers })
    assert.equal(answer.status, 403)
    assert.match(await answer.text(), message)
    assert.ok(Date.now() - began < 2_000)
  }
})

test('200 bombs from one sender cost it its rate: nearly all are refused unopened', async () => {
  const { post } = await bareIngest({ limits: { bytesPerSecond: 20_000_000 } })
  const bomb = bytes(brotliCompressSync(Buffer.alloc(30_000_000)))
  const headers = { ...json, 'content-encoding': 'br' }
  const answers = await Promise.all(Array.from({ length: 200 }, () => post('/v1/events', bomb, headers)))
  const statuses = answers.map(({ status }) => status)
  assert.ok(statuses.filter((status) => status === 429).length > 180, String(statuses))
  assert.ok(statuses.every((status) => status === 429 || status === 413))
  const other = { authorization: `Bearer ${await tokenFor(['>'], 'other')}` }
  assert.equal((await post('/v1/events', text, { ...json, ...other })).status, 200)
})

test('events of one request may take so much memory, however little their body has', async () => {
  const { post } = await bareIngest()
  const attributes = Array.from({ length: 40 }, (_, at) => ({
    key: `k${at}`,
    value: { stringValue: 'x'.repeat(2000) },
  }))
  const dataPoints = Array.from({ length: 2000 }, (_, at) => ({ timeUnixNano: String(at + 1), asInt: at }))
  const metrics = [{ name: 'a', gauge: { dataPoints } }]
  const body = JSON.stringify({ resourceMetrics: [{ resource: { attributes }, scopeMetrics: [{ metrics }] }] })
  const told = await (await post('/v1/metrics', body, json)).text()
  assert.match(told, /"rejectedDataPoints":"1\d\d\d".*send them in several requests/)
})

test('a producer that is too fast gets 429 with Retry-After and RateLimit, and is served again after the wait', async () => {
  let now = 1_790_000_000_000
  const { post } = await bareIngest({ now: () => now, limits: { eventsPerSecond: 10 } })
  const five = JSON.stringify(Array.from({ length: 5 }, () => item))
  assert.equal((await post('/v1/events', five, json)).headers.get('ratelimit'), null)
  const low = await post('/v1/events', five, json)
  assert.equal(low.status, 200)
  assert.match(low.headers.get('ratelimit') ?? '', /^"events";r=0;t=0/)
  await post('/v1/events', five, json)
  const answer = await post('/v1/events', five, json)
  assert.equal(answer.status, 429)
  assert.equal((await read(answer)).code, 'rate_limited')
  assert.match(answer.headers.get('ratelimit-policy') ?? '', /"events";q=10;w=1/)
  const wait = Number(answer.headers.get('retry-after'))
  assert.ok(wait >= 1 && wait <= 2, String(wait))
  now += wait * 1000
  assert.equal((await post('/v1/events', five, json)).status, 200)
})

test('the rate of bytes counts too', async () => {
  const { post } = await bareIngest({ now: () => 1_790_000_000_000, limits: { bytesPerSecond: 100 } })
  assert.equal((await post('/v1/events', JSON.stringify({ ...item, data: 'x'.repeat(200) }), json)).status, 200)
  assert.equal((await post('/v1/events', text, json)).status, 429)
})

test('subjects past the quota of the tenant are rejected, and known ones are not, until they were idle for long', async () => {
  let now = 1_790_000_000_000
  const { post } = await bareIngest({ now: () => now, limits: { subjectsMax: 2, subjectsWindowMs: 1000 } })
  const send = (subject: string): Promise<Response> => post('/v1/events', JSON.stringify({ subject }), json)
  assert.equal((await send('a')).status, 200)
  assert.equal((await send('b')).status, 200)
  const refused = await send('c')
  assert.equal(refused.status, 429)
  assert.equal((await read(refused)).code, 'quota_exceeded')
  now += 1500
  assert.equal((await send('a')).status, 200)
  assert.equal((await send('c')).status, 429)
  now += 1500
  assert.equal((await send('c')).status, 200)
  assert.equal((await send('a')).status, 200)
  assert.equal((await send('b')).status, 429)
})

function bytes(buffer: Buffer): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer)
}

function streamOf(body: string): ReadableStream<Uint8Array> {
  return new Blob([body]).stream()
}
