import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import { connectNats, createLogger, type NatsConnection, provisionTenant } from '@weir/mesh'
import { startNats, type TestNats } from '@weir/mesh/testing'
import { EventSchema, timestampFromMilliseconds } from '@weir/proto'
import { bucketEntries } from '../../test/stream-contents.ts'
import type { CountSpec } from '../declaration/count-spec.ts'
import { loadProjections } from '../declaration/file/load.ts'
import type { RateSpec } from '../declaration/rate-spec.ts'
import { EventRecord } from '../event/event-record.ts'
import { owns, type Partition, wholePartition } from '../event/partition.ts'
import { CountProjection } from '../kinds/count/count-projection.ts'
import { RateProjection } from '../kinds/rate/rate-projection.ts'
import { limits } from '../limits.ts'

const log = createLogger('test', 'fatal')

let nats: TestNats
let nc: NatsConnection
let tenant = ''
let tenants = 0

before(async () => {
  nats = await startNats()
  nc = await connectNats({ url: nats.url, name: 'admin', log })
})

after(async () => {
  await nc?.close()
  await nats?.stop()
})

async function freshTenant(): Promise<void> {
  tenant = `t${tenants++}`
  await provisionTenant(nc, tenant, {
    eventsMaxBytes: 8_000_000,
    eventsMaxAgeMs: 3_600_000,
    replicas: 1,
    buckets: [{ name: 'b', ttlMs: 3_600_000, maxBytes: 8_000_000 }],
  })
}

function declared(text: string, partition: Partition = wholePartition) {
  const [spec] = loadProjections(`projections: [{ name: p, bucket: b, ttl: 1h, ${text} }]`, 'projections.yaml')
  return { nc, tenant, partition, log, isOthers: () => false, spec }
}

function record(subject: string, seq: number, atMs: number, init: MessageInitShape<typeof EventSchema>, lateMs = 0) {
  const time = timestampFromMilliseconds(atMs - lateMs)
  const event = create(EventSchema, { ...init, ...(time === undefined ? {} : { time }) })
  return new EventRecord(subject, 1, seq, atMs, toBinary(EventSchema, event))
}

async function metrics(): Promise<Record<string, unknown>> {
  const entries = [...(await bucketEntries(nc, tenant, 'b'))].map(([key, { event }]) => [key, event.reading?.metrics])
  return Object.fromEntries(entries)
}

test('a rate takes what a label says of its values, and leaves out what is no counter or too late', async () => {
  await freshTenant()
  const options = declared('kind: rate')
  const projection = new RateProjection({ ...options, spec: options.spec as RateSpec })
  const begin = Date.now() - 60_000
  let seq = 0
  const tell = (subject: string, afterMs: number, value: number, labels: Record<string, string>, lateMs = 0): void => {
    const init = { labels, data: { case: 'reading', value: { metrics: { value }, units: { value: 'By' } } } } as const
    void projection.take(record(subject, ++seq, begin + afterMs, init, lateMs))
  }
  try {
    await projection.open()
    const cumulative = { monotonic: 'true', temporality: 'cumulative' }
    const delta = { monotonic: 'true', temporality: 'delta' }
    for (const [afterMs, value] of [
      [0, 1_000],
      [10_000, 1_500],
      [20_000, 100],
    ] as const) {
      tell('cumulative', afterMs, value, cumulative)
      tell('delta', afterMs, value, delta)
      tell('gauge', afterMs, value, {})
      tell('falls', afterMs, value, { ...cumulative, monotonic: 'false' })
    }
    tell('cumulative', 21_000, 9_000, cumulative, 70_000)
    await projection.effects.flushed()
    assert.deepEqual(await metrics(), { cumulative: { value: 30 }, delta: { value: 80 } })
    assert.deepEqual([projection.stats.ignored, projection.stats.late], [6, 1])
    const { event } = (await bucketEntries(nc, tenant, 'b')).get('delta') ?? {}
    assert.deepEqual(event?.reading?.units, { value: 'By/s' })
  } finally {
    projection.effects.close()
  }
})

test('an entity that moves to a key of another replica leaves its own, and one that is told again changes nothing', async () => {
  await freshTenant()
  const partitions = [0, 1].map((index) => ({ index, count: 2 }))
  const branches = Array.from({ length: 50 }, (_, at) => `b${at}`)
  const keys = partitions.map((partition) => branches.find((key) => owns(partition, key)))
  const text = "kind: count, state: data.status, entity: '{data.order}', key: '{data.branch}'"
  const replicas = partitions.map((partition) => {
    const options = declared(text, partition)
    return new CountProjection({ ...options, spec: options.spec as CountSpec })
  })
  const order = (seq: number, branch: string | undefined, status: string | null): EventRecord => {
    const value = JSON.stringify({ order: 'o1', branch, status })
    return record('orders.o1', seq, Date.now(), { data: { case: 'json', value } })
  }
  const told = [order(1, keys[0], 'pending'), order(2, keys[1], 'cooking')]
  try {
    for (const replica of replicas) await replica.open()
    for (const event of told) for (const replica of replicas) void replica.take(event)
    for (const replica of replicas) void replica.take(told[0] as EventRecord)
    for (const replica of replicas) await replica.effects.flushed()
    const [from = '', to = ''] = keys
    assert.deepEqual(await metrics(), { [from]: { total: 0 }, [to]: { total: 1, cooking: 1 } })
    for (const replica of replicas) void replica.take(order(3, to, null))
    for (const replica of replicas) await replica.effects.flushed()
    assert.deepEqual(await metrics(), { [from]: { total: 0 }, [to]: { total: 0 } })
    assert.throws(() => replicas[0]?.take(order(4, undefined, 'pending')), { code: 'invalid' })
  } finally {
    for (const replica of replicas) replica.effects.close()
  }
})

test('entities that are to count for longer than the stream keeps events are a concern', async () => {
  await freshTenant()
  for (const [ttl, concern] of [
    ['1h', undefined],
    ['7d', 'after a restart entities count for 1h alone, as long as the stream keeps events, not for 7d'],
  ] as const) {
    const text = `projections: [{ name: p, bucket: b, ttl: ${ttl}, kind: count, state: data.status, key: all }]`
    const [spec] = loadProjections(text, 'projections.yaml')
    const projection = new CountProjection({ ...declared('kind: latest'), spec: spec as CountSpec })
    try {
      await projection.open()
      assert.equal(projection.concern(), concern)
    } finally {
      projection.effects.close()
    }
  }
})

test('an entity that is silent for the TTL goes without a further event, once', async () => {
  await freshTenant()
  const options = declared("kind: count, state: data.status, entity: '{0}', key: all")
  const spec = options.spec as CountSpec
  const projection = new CountProjection({ ...options, spec })
  const pending = { data: { case: 'json', value: '{"status":"pending"}' } } as const
  const now = Date.now()
  try {
    await projection.open()
    void projection.take(record('old', 1, now - spec.ttlMs + 30_000, pending))
    void projection.take(record('young', 2, now, pending))
    await projection.effects.flushed()
    assert.deepEqual(await metrics(), { all: { total: 2, pending: 2 } })
    for (let times = 0; times < 2; times++) {
      projection.idle(now + 45_000 + limits.skewMaxMs)
      await projection.effects.flushed()
    }
    assert.deepEqual(await metrics(), { all: { total: 1, pending: 1 } })
    assert.equal(projection.target.writer.stats.written, 2)
  } finally {
    projection.effects.close()
  }
})
