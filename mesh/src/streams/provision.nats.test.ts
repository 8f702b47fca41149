import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import { Kvm } from '@nats-io/kv'
import type { Msg } from '@nats-io/nats-core'
import { WeirError } from '@weir/proto'
import { connectNats, type NatsConnection } from '../connection/connection.ts'
import { Publisher } from '../publish/publisher.ts'
import { createLogger } from '../run/log.ts'
import { startNats, type TestNats } from '../testing/test-server.ts'
import { EventShards } from './event-shards.ts'
import { provisionMesh, provisionTenant } from './provision.ts'
import type { TenantSpec } from './streams.ts'

const log = createLogger('test', 'silent')
let server: TestNats
let nc: NatsConnection
let manager: JetStreamManager

before(async () => {
  server = await startNats()
  nc = await connectNats({ url: server.url, name: 'test', log })
  manager = await jetstreamManager(nc)
})

after(async () => {
  await nc.close()
  await server.stop()
})

test('a tenant gets its event stream, its dead letters and its buckets', async () => {
  const done = await provisionTenant(nc, 'acme', small)
  assert.deepEqual(
    done.map(({ stream, action }) => `${stream} ${action}`),
    ['EV_acme created', 'DLQ_acme created', 'KV_acme_latest created'],
  )
  const { config: events } = await manager.streams.info('EV_acme')
  assert.deepEqual(events.subjects, ['ev.acme.>'])
  assert.deepEqual(events.republish, { src: 'ev.acme.>', dest: 'live.acme.events.>' })
  assert.deepEqual(
    [events.storage, events.retention, events.discard, events.duplicate_window, events.max_age],
    ['file', 'limits', 'old', 120e9, 3600e9],
  )
  assert.deepEqual([events.deny_delete, events.allow_direct, events.allow_rollup_hdrs], [true, true, false])
  assert.ok(events.allow_msg_ttl !== true)

  const { config: latest } = await manager.streams.info('KV_acme_latest')
  assert.deepEqual(latest.subjects, ['$KV.acme_latest.>'])
  assert.deepEqual(latest.republish, { src: '$KV.acme_latest.>', dest: 'live.acme.latest.>' })
  assert.deepEqual(
    [latest.storage, latest.discard, latest.max_msgs_per_subject, latest.max_age],
    ['file', 'new', 1, 3600e9],
  )
  assert.deepEqual([latest.allow_direct, latest.subject_delete_marker_ttl], [true, 60e9])
})

test('a second time nothing changes, and two at once do not disturb each other', async () => {
  const actions = async (): Promise<string[]> => (await provisionTenant(nc, 'twice', small)).map(({ action }) => action)
  await Promise.all([actions(), actions()])
  assert.deepEqual(await actions(), ['unchanged', 'unchanged', 'unchanged'])
})

test('what is stored is republished, and an expired key leaves a marker', async () => {
  const spec = { ...small, buckets: [{ name: 'brief', ttlMs: 1_000, maxBytes: 1_000_000 }] }
  await provisionTenant(nc, 'pub', spec)
  const live = nc.subscribe('live.pub.>')
  const publisher = new Publisher(nc)
  await publisher.publish('pub', 'a.b', 'e1', new Uint8Array([1]))
  const bucket = await new Kvm(nc).open('pub_brief')
  await bucket.put('k.1', new Uint8Array([2]))
  const [event, value, marker] = await take(live, 3)
  assert.equal(event?.subject, 'live.pub.events.a.b')
  assert.equal(event?.headers?.last('Nats-Sequence'), '1')
  assert.equal(value?.subject, 'live.pub.brief.k.1')
  assert.equal(marker?.subject, 'live.pub.brief.k.1')
  assert.equal(marker?.headers?.last('Nats-Marker-Reason'), 'MaxAge')
  await publisher.drain()
})

test('limits that grow are applied, and nothing that is stored is lost', async () => {
  await filled('grow')
  const done = await provisionTenant(nc, 'grow', { ...small, eventsMaxBytes: 20_000_000, eventsMaxAgeMs: 7_200_000 })
  assert.deepEqual(done[0], {
    stream: 'EV_grow',
    action: 'updated',
    changes: [
      { field: 'max_bytes', from: 10_000_000, to: 20_000_000 },
      { field: 'max_age', from: 3600e9, to: 7200e9 },
    ],
  })
  const { config, state } = await manager.streams.info('EV_grow')
  assert.deepEqual([config.max_bytes, config.max_age, state.messages], [20_000_000, 7200e9, 100])
})

test('a limit below what is stored is refused before anything changes, until it is forced', async () => {
  await filled('shrink')
  const less = {
    ...small,
    eventsMaxBytes: 20_000,
    buckets: [{ name: 'latest', ttlMs: 7_200_000, maxBytes: 1_000_000 }],
  }
  await assert.rejects(provisionTenant(nc, 'shrink', less), (error) => {
    assert.ok(error instanceof WeirError)
    assert.equal(error.code, 'conflict')
    assert.match(error.message, /EV_shrink: it holds \d+ bytes and max_bytes would be 20000/)
    return true
  })
  assert.equal((await manager.streams.info('EV_shrink')).state.messages, 100)
  assert.equal((await manager.streams.info('KV_shrink_latest')).config.max_age, 3600e9)

  await provisionTenant(nc, 'shrink', less, { force: true })
  const { state } = await manager.streams.info('EV_shrink')
  assert.ok(state.messages > 0 && state.messages < 100)
})

test('a limit that shrinks to above what is stored is applied', async () => {
  await filled('fits')
  await provisionTenant(nc, 'fits', { ...small, eventsMaxBytes: 5_000_000 })
  const { config, state } = await manager.streams.info('EV_fits')
  assert.deepEqual([config.max_bytes, state.messages], [5_000_000, 100])
})

test('an age that messages have passed is refused', async () => {
  await filled('aged')
  await sleep(1_100)
  await assert.rejects(provisionTenant(nc, 'aged', { ...small, eventsMaxAgeMs: 1_000 }), {
    code: 'conflict',
    message: /EV_aged: its oldest message is \d+ s old and max_age would be 1 s/,
  })
})

test('other subjects, or another storage, are refused while something is stored', async () => {
  await manager.streams.add({ name: 'EV_other', subjects: ['ev.elsewhere.>'], storage: 'memory' })
  await new Publisher(nc).publishTo('ev.elsewhere.a', 'x', new Uint8Array(1))
  await assert.rejects(provisionTenant(nc, 'other', small), {
    code: 'conflict',
    message: /EV_other: subjects would change .*EV_other: storage would change/,
  })
})

test('what the server cannot change is a clear refusal, even when forced', async () => {
  await manager.streams.add({ name: 'EV_memory', subjects: ['ev.memory.>'], storage: 'memory' })
  await assert.rejects(provisionTenant(nc, 'memory', small, { force: true }), {
    code: 'conflict',
    message: /NATS refuses the stream EV_memory: .*storage/,
  })
})

test('subjects that another stream has are a clear refusal', async () => {
  await manager.streams.add({ name: 'FOREIGN', subjects: ['ev.taken.>'] })
  await assert.rejects(provisionTenant(nc, 'taken', small), {
    code: 'conflict',
    message: /NATS refuses the stream EV_taken: subjects overlap/,
  })
})

test('a tenant that is no name is malformed', () => {
  assert.throws(() => provisionTenant(nc, 'a.b', small), { code: 'malformed' })
})

test('events of a sharded tenant have a stream for each shard, which share the space', async () => {
  const done = await provisionTenant(nc, 'wide', { ...small, shards: 3 })
  assert.deepEqual(
    done.map(({ stream, action }) => `${stream} ${action}`),
    ['EV_wide_2 created', 'EV_wide_1 created', 'EV_wide_0 created', 'DLQ_wide created', 'KV_wide_latest created'],
  )
  const { config } = await manager.streams.info('EV_wide_1')
  assert.deepEqual([config.subjects, config.max_bytes], [['ev.wide_1.>'], 3_333_334])
  assert.deepEqual(config.republish, { src: 'ev.wide_1.>', dest: 'live.wide_1.events.>' })
  const shards = new EventShards(nc)
  assert.equal(shards.known('wide'), undefined)
  assert.deepEqual(await shards.of('wide'), ['wide_0', 'wide_1', 'wide_2'])
  assert.deepEqual(shards.known('wide'), ['wide_0', 'wide_1', 'wide_2'])
  await assert.rejects(shards.of('nobody'), {
    code: 'not_found',
    message: /EV_nobody: "weir tenant create nobody" makes it\.$/,
  })
})

test('who says no number of shards keeps it, and another number is refused', async () => {
  await provisionTenant(nc, 'kept', { ...small, shards: 2 })
  await provisionTenant(nc, 'narrow', small)
  assert.deepEqual(
    (await provisionTenant(nc, 'kept', small)).map(({ action }) => action),
    ['unchanged', 'unchanged', 'unchanged', 'unchanged'],
  )
  for (const [tenant, shards] of [
    ['kept', 3],
    ['kept', 1],
    ['narrow', 2],
  ] as const) {
    await assert.rejects(provisionTenant(nc, tenant, { ...small, shards }, { force: true }), {
      code: 'conflict',
      message: /cannot be changed/,
    })
  }
  assert.deepEqual(await new EventShards(nc).of('narrow'), ['narrow'])
  for (const shards of [0, 1.5, 17]) {
    assert.throws(() => provisionTenant(nc, 'odd', { ...small, shards }), { code: 'invalid' })
  }
})

test('the mesh bucket forgets a hub after its TTL', async () => {
  await provisionMesh(nc, 1)
  const { config } = await manager.streams.info('KV_mesh')
  assert.deepEqual([config.subjects, config.max_age, config.max_msgs_per_subject], [['$KV.mesh.>'], 15e9, 1])
  assert.deepEqual(config.republish, { src: '$KV.mesh.>', dest: 'live._.mesh.>' })
})

test('a bucket cannot take the name of another source', () => {
  for (const name of ['mesh', 'events']) {
    const spec = { ...small, buckets: [{ name, ttlMs: 0, maxBytes: 1024 }] }
    assert.throws(() => provisionTenant(nc, 'named', spec), { code: 'invalid' })
  }
})

test('a server that restarts in between is waited for', async () => {
  await server.kill()
  const done = provisionTenant(nc, 'waits', small)
  await server.restart()
  assert.equal((await done)[0]?.action, 'created')
})

test('a server without JetStream is unavailable at the deadline', async () => {
  const plain = await startNats({ jetstream: false })
  const other = await connectNats({ url: plain.url, name: 'test', log })
  await assert.rejects(provisionTenant(other, 'main', small, { deadlineMs: 300 }), { code: 'unavailable' })
  await other.close()
  await plain.stop()
})

test('a stream for which the server has no room says so', async () => {
  const tight = await startNats({ jetstream: 'max_file_store: 1MB' })
  const other = await connectNats({ url: tight.url, name: 'test', log })
  await assert.rejects(provisionTenant(other, 'main', small), {
    code: 'quota_exceeded',
    message: /no room for the 10000000 bytes of EV_main/,
  })
  await other.close()
  await tight.stop()
})

const small: TenantSpec = {
  eventsMaxBytes: 10_000_000,
  eventsMaxAgeMs: 3_600_000,
  replicas: 1,
  buckets: [{ name: 'latest', ttlMs: 3_600_000, maxBytes: 1_000_000 }],
}

/** A tenant with 100 events of 1,000 bytes. */
async function filled(tenant: string): Promise<void> {
  await provisionTenant(nc, tenant, small)
  const publisher = new Publisher(nc)
  const events = Array.from({ length: 100 }, (_, at) =>
    publisher.publish(tenant, 'a', String(at), new Uint8Array(1_000)),
  )
  await Promise.all(events)
  await publisher.drain()
}

async function take(messages: AsyncIterable<Msg>, count: number): Promise<Msg[]> {
  const taken: Msg[] = []
  for await (const message of messages) {
    taken.push(message)
    if (taken.length === count) break
  }
  return taken
}
