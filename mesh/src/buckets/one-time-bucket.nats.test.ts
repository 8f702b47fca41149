import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { limits } from '../config/limits.ts'
import { connectNats, type NatsConnection } from '../connection/connection.ts'
import { createLogger } from '../run/log.ts'
import { ticketBucketName } from '../streams/layout.ts'
import { renderNatsConfig } from '../streams/nats-config.ts'
import { provisionMesh } from '../streams/provision.ts'
import { streamState } from '../streams/stream-state.ts'
import { startNats, type TestNats } from '../testing/test-server.ts'
import { OneTimeBucket } from './one-time-bucket.ts'

const passwords = { admin: 'a', ingest: 'i', hub: 'h', projector: 'p' }
let server: TestNats
let connections: NatsConnection[]
let buckets: OneTimeBucket[]

before(async () => {
  server = await startNats({ config: (place) => renderNatsConfig({ ...place, passwords }) })
  const admin = await connect('admin')
  await provisionMesh(admin, 1)
  // With the permissions of a hub, as several hubs.
  connections = [admin, await connect('hub'), await connect('hub')]
  buckets = connections.slice(1).map((nc) => new OneTimeBucket(nc, ticketBucketName))
})

after(async () => {
  for (const bucket of buckets) bucket.close()
  for (const nc of connections) await nc.close()
  await server.stop()
})

test('a value is taken once, by whoever asks first', async () => {
  const [one, other] = buckets as [OneTimeBucket, OneTimeBucket]
  for (let round = 0; round < 20; round++) {
    await one.put(`k${round}`, text(`v${round}`))
    const takers = [one, other, one, other].map((bucket) => bucket.take(`k${round}`))
    const taken = (await Promise.all(takers)).filter((value) => value !== undefined)
    assert.deepEqual(
      taken.map((value) => Buffer.from(value).toString()),
      [`v${round}`],
    )
    assert.equal(await other.take(`k${round}`), undefined)
  }
})

test('a key is used once, and one that nobody put is not there', async () => {
  const [one, other] = buckets as [OneTimeBucket, OneTimeBucket]
  await one.put('used', text('v'))
  await assert.rejects(other.put('used', text('w')), { code: 'conflict' })
  assert.equal(await one.take('never'), undefined)
})

test('a full bucket forgets the oldest, and still gives out the newest', async () => {
  const [one] = buckets as [OneTimeBucket]
  // More than its 16 MiB.
  for (let count = 0; count < 80; count++) await one.put(`full${count}`, new Uint8Array(250_000))
  assert.equal(await one.take('full0'), undefined)
  assert.equal((await one.take('full79'))?.length, 250_000)
})

test('what is not taken goes with the TTL, and is never republished', async () => {
  const [admin] = connections as [NatsConnection]
  assert.equal((await streamState(admin, `KV_${ticketBucketName}`)).maxAgeMs, limits.ticketMs)
  let live = 0
  admin.subscribe('live.>', { callback: () => void live++ })
  await buckets[0]?.put('quiet', text('v'))
  await admin.flush()
  assert.equal(live, 0)
})

function connect(role: keyof typeof passwords): Promise<NatsConnection> {
  const url = server.url.replace('//', `//${role}:${passwords[role]}@`)
  return connectNats({ url, name: role, log: createLogger('test', 'silent') })
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value)
}
