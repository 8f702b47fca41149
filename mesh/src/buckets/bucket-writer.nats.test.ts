import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectNats, type NatsConnection } from '../connection/connection.ts'
import { lastMessage } from '../read/direct-get.ts'
import { createLogger } from '../run/log.ts'
import { bucketStream, keySubject } from '../streams/layout.ts'
import { provisionTenant } from '../streams/provision.ts'
import { streamState } from '../streams/stream-state.ts'
import { startNats, type TestNats } from '../testing/test-server.ts'
import { BucketWriter } from './bucket-writer.ts'
import { readStamp } from './value-stamp.ts'

let nats: TestNats
let nc: NatsConnection
const log = createLogger('test', 'fatal')
const epoch = 1_700_000_000_000_000
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

before(async () => {
  nats = await startNats()
  nc = await connectNats({ url: nats.url, name: 'admin', log })
})

after(async () => {
  await nc.close()
  await nats.stop()
})

let tenants = 0

async function makeBucket(maxBytes = 8 * 1024 ** 2): Promise<string> {
  const tenant = `t${tenants++}`
  await provisionTenant(nc, tenant, {
    eventsMaxBytes: 1024 ** 2,
    eventsMaxAgeMs: 3_600_000,
    replicas: 1,
    buckets: [{ name: 'latest', ttlMs: 60_000, maxBytes }],
  })
  return tenant
}

function makeWriter(tenant: string, refused: string[] = []): BucketWriter {
  return new BucketWriter({
    nc,
    tenant,
    bucket: 'latest',
    log,
    onRefused: (key, _stamp, error) => refused.push(`${key} ${error.code}`),
  })
}

async function stored(tenant: string, key: string): Promise<{ text: string; seq: number } | undefined> {
  const message = await lastMessage(nc, bucketStream(tenant, 'latest'), keySubject(tenant, 'latest', key))
  return message && { text: new TextDecoder().decode(message.payload), seq: readStamp(message).seq }
}

test('the value of the later event stays, in whatever order values are put', async () => {
  const tenant = await makeBucket()
  const writer = makeWriter(tenant)
  for (const seq of [3, 1, 7, 2, 7, 5]) writer.put('a.b', { epoch, seq }, bytes(`v${seq}`), 0)
  await writer.flushed()
  assert.deepEqual(await stored(tenant, 'a.b'), { text: 'v7', seq: 7 })
  writer.close()
})

test('of values that time alone changed after one event, the one of the latest time stays', async () => {
  const tenant = await makeBucket()
  const writer = makeWriter(tenant)
  for (const atMs of [0, 2_000, 1_000]) writer.put('k', { epoch, seq: 7, atMs }, bytes(`at ${atMs}`), 0)
  await writer.flushed()
  assert.deepEqual(await stored(tenant, 'k'), { text: 'at 2000', seq: 7 })

  const behind = makeWriter(tenant)
  behind.put('k', { epoch, seq: 7, atMs: 1_500 }, bytes('at 1500'), 0)
  await behind.flushed()
  assert.deepEqual(await stored(tenant, 'k'), { text: 'at 2000', seq: 7 })
  behind.put('k', { epoch, seq: 8 }, bytes('next'), 0)
  await behind.flushed()
  assert.deepEqual(await stored(tenant, 'k'), { text: 'next', seq: 8 })
  for (const each of [writer, behind]) each.close()
})

test('another incarnation of the event stream begins at 1 and still replaces what the old one left', async () => {
  const tenant = await makeBucket()
  const writer = makeWriter(tenant)
  writer.put('k', { epoch, seq: 900 }, bytes('old'), 0)
  writer.put('k', { epoch: epoch + 1, seq: 1 }, bytes('new'), 0)
  await writer.flushed()
  assert.deepEqual(await stored(tenant, 'k'), { text: 'new', seq: 1 })
  writer.close()
})

test('two writers that put the same events end with the newest value of each key', async () => {
  const tenant = await makeBucket()
  const writers = [makeWriter(tenant), makeWriter(tenant)]
  for (let seq = 1; seq <= 400; seq++) {
    for (const [at, writer] of writers.entries()) {
      // The second writer is behind and meets every key in another order.
      const mine = at === 0 ? seq : 401 - seq
      writer.put(`k.${mine % 7}`, { epoch, seq: mine }, bytes(`v${mine}`), 0)
    }
    if (seq % 50 === 0) await writers[seq % 2]?.flushed()
  }
  await Promise.all(writers.map((writer) => writer.flushed()))
  for (let key = 0; key < 7; key++) {
    const newest = 400 - ((400 - key) % 7)
    assert.deepEqual(await stored(tenant, `k.${key}`), { text: `v${newest}`, seq: newest })
  }
  assert.ok((writers[0]?.stats.conflicts ?? 0) + (writers[1]?.stats.conflicts ?? 0) > 0, 'they did meet')
  for (const writer of writers) writer.close()
})

test('a writer that loads the bucket first does not rewrite what it holds', async () => {
  const tenant = await makeBucket()
  const first = makeWriter(tenant)
  for (let seq = 1; seq <= 50; seq++) first.put(`k.${seq}`, { epoch, seq }, bytes(`v${seq}`), 0)
  await first.flushed()
  first.close()

  const second = makeWriter(tenant)
  const seen = new Map<string, string>()
  await second.load((key, stamp, payload) => seen.set(key, `${stamp.seq} ${new TextDecoder().decode(payload)}`))
  assert.equal(seen.size, 50)
  assert.equal(seen.get('k.17'), '17 v17')
  for (let seq = 1; seq <= 50; seq++) second.put(`k.${seq}`, { epoch, seq }, bytes('again'), 0)
  second.put('k.17', { epoch, seq: 51 }, bytes('v51'), 0)
  await second.flushed()
  assert.equal(second.stats.stale, 50)
  assert.equal(second.stats.written, 1)
  assert.equal(second.stats.conflicts, 0)
  assert.deepEqual(await stored(tenant, 'k.17'), { text: 'v51', seq: 51 })
  second.close()
})

test('a hot key is conflated and the last value of a burst is stored', async () => {
  const tenant = await makeBucket()
  const writer = makeWriter(tenant)
  for (let seq = 1; seq <= 10_000; seq++) writer.put('hot', { epoch, seq }, bytes(`v${seq}`), 0)
  await writer.flushed()
  assert.deepEqual(await stored(tenant, 'hot'), { text: 'v10000', seq: 10_000 })
  assert.equal(writer.stats.written, 2)
  assert.equal(writer.stats.conflated, 9_998)
  writer.close()
})

test('a full bucket refuses new keys by name and goes on with those that it has', async () => {
  const tenant = await makeBucket(64 * 1024)
  const refused: string[] = []
  const writer = makeWriter(tenant, refused)
  for (let seq = 1; seq <= 100; seq++) writer.put(`k.${seq}`, { epoch, seq }, bytes('x'.repeat(1_000)), 0)
  await writer.flushed()
  assert.ok(refused.length > 20, `${refused.length} were refused`)
  assert.ok(refused.every((text) => text.endsWith('quota_exceeded')))
  assert.equal(refused.includes('k.1 quota_exceeded'), false)
  writer.put('k.1', { epoch, seq: 200 }, bytes('smaller'), 0)
  await writer.flushed()
  assert.deepEqual(await stored(tenant, 'k.1'), { text: 'smaller', seq: 200 })
  writer.close()
})

test('writes wait while NATS is away and are there when it is back', async () => {
  const tenant = await makeBucket()
  const writer = makeWriter(tenant)
  writer.put('k', { epoch, seq: 1 }, bytes('before'), 0)
  await writer.flushed()
  await nats.kill()
  for (let seq = 2; seq <= 20; seq++) writer.put('k', { epoch, seq }, bytes(`v${seq}`), 0)
  const flushed = writer.flushed()
  await nats.restart()
  await flushed
  assert.deepEqual(await stored(tenant, 'k'), { text: 'v20', seq: 20 })
  writer.close()
})

test('a bucket that is deleted blocks the writer, says so, and is filled when it is made again', async () => {
  const tenant = await makeBucket()
  const writer = makeWriter(tenant)
  writer.put('k', { epoch, seq: 1 }, bytes('v1'), 0)
  await writer.flushed()
  await nc.request(`$JS.API.STREAM.DELETE.${bucketStream(tenant, 'latest')}`)
  await assert.rejects(streamState(nc, bucketStream(tenant, 'latest')), { code: 'not_found' })
  writer.put('k', { epoch, seq: 2 }, bytes('v2'), 0)
  while (writer.blocked === undefined) await sleep(10)
  assert.match(writer.blocked, /no stream/)
  await provisionTenant(nc, tenant, {
    eventsMaxBytes: 1024 ** 2,
    eventsMaxAgeMs: 3_600_000,
    replicas: 1,
    buckets: [{ name: 'latest', ttlMs: 60_000, maxBytes: 1024 ** 2 }],
  })
  await writer.flushed()
  assert.equal(writer.blocked, undefined)
  assert.deepEqual(await stored(tenant, 'k'), { text: 'v2', seq: 2 })
  writer.close()
})

test('a value may live shorter than its bucket says, and its expiry leaves a marker', async () => {
  const tenant = await makeBucket()
  const writer = makeWriter(tenant)
  writer.put('old', { epoch, seq: 1 }, bytes('v'), 1)
  await writer.flushed()
  const live = nc.subscribe(`live.${tenant}.latest.>`, { max: 1 })
  for await (const message of live) {
    assert.equal(message.subject, `live.${tenant}.latest.old`)
    assert.equal(message.headers?.last('Nats-Marker-Reason'), 'MaxAge')
  }
  // The marker is the key's last message now, so the next write meets a conflict and goes through.
  writer.put('old', { epoch, seq: 2 }, bytes('back'), 0)
  await writer.flushed()
  assert.deepEqual(await stored(tenant, 'old'), { text: 'back', seq: 2 })
  writer.close()
})

test('a rewrite ends with what was put, and touches nothing that is right', async () => {
  const tenant = await makeBucket()
  const writer = makeWriter(tenant)
  for (const key of ['same', 'wrong', 'gone', 'kept']) writer.put(key, { epoch, seq: 50 }, bytes(`${key} 50`), 0)
  await writer.flushed()
  const { lastSeq } = await streamState(nc, bucketStream(tenant, 'latest'))

  writer.beginRewrite()
  writer.put('same', { epoch, seq: 10 }, bytes('same 10'), 0)
  writer.put('same', { epoch, seq: 50 }, bytes('same 50'), 0)
  // The bucket has a later stamp, but what it holds is not what the events say.
  writer.put('wrong', { epoch, seq: 40 }, bytes('right 40'), 0)
  writer.put('new', { epoch, seq: 41 }, bytes('new 41'), 0)
  assert.equal(
    (await streamState(nc, bucketStream(tenant, 'latest'))).lastSeq,
    lastSeq,
    'nothing is written before the end',
  )
  const result = await writer.finishRewrite((key) => key !== 'kept')
  await writer.flushed()

  assert.deepEqual(result, { kept: 1, written: 2, removed: 1 })
  assert.deepEqual(await stored(tenant, 'same'), { text: 'same 50', seq: 50 })
  assert.deepEqual(await stored(tenant, 'wrong'), { text: 'right 40', seq: 40 })
  assert.deepEqual(await stored(tenant, 'new'), { text: 'new 41', seq: 41 })
  assert.deepEqual(await stored(tenant, 'kept'), { text: 'kept 50', seq: 50 })
  assert.equal(
    (await lastMessage(nc, bucketStream(tenant, 'latest'), keySubject(tenant, 'latest', 'gone')))?.removal,
    1,
  )

  writer.put('new', { epoch, seq: 42 }, bytes('new 42'), 0)
  await writer.flushed()
  assert.deepEqual(await stored(tenant, 'new'), { text: 'new 42', seq: 42 })
  writer.close()
})

test('a rewrite that is given up leaves nothing waiting', async () => {
  const tenant = await makeBucket()
  const writer = makeWriter(tenant)
  writer.beginRewrite()
  for (let seq = 1; seq <= 20; seq++) writer.put(`k.${seq % 3}`, { epoch, seq }, bytes(`v${seq}`), 0)
  const flushed = writer.flushed()
  writer.reset()
  await flushed
  assert.equal(writer.congested, false)
  writer.put('k.1', { epoch, seq: 5 }, bytes('v5'), 0)
  await writer.flushed()
  assert.deepEqual(await stored(tenant, 'k.1'), { text: 'v5', seq: 5 })
  writer.close()
})

test('a writer that may remember few keys stores every one all the same', async () => {
  const tenant = await makeBucket()
  const writer = new BucketWriter({ nc, tenant, bucket: 'latest', log, keysMax: 10, onRefused: assert.fail })
  for (let round = 0; round < 3; round++) {
    for (let key = 0; key < 50; key++) {
      const seq = 1 + round * 50 + key
      writer.put(`k.${key}`, { epoch, seq }, bytes(`v${seq}`), 0)
      // A key with a value under way is not forgotten.
      await writer.flushed()
    }
  }
  assert.ok(writer.stats.conflicts > 0, 'no forgotten key was met again')
  assert.ok(writer.keys <= 10, `${writer.keys} keys are remembered`)
  for (let key = 0; key < 50; key++) {
    assert.deepEqual(await stored(tenant, `k.${key}`), { text: `v${101 + key}`, seq: 101 + key })
  }
  writer.close()
})
