import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { limits } from '../limits.ts'
import { measured } from './measured.ts'
import { meshSize, type Workload } from './mesh-size.ts'

const small: Workload = {
  subscribers: 1_000,
  events: 1_000,
  subjects: 1_000,
  eventBytes: 200,
  matching: 1,
  intervalMs: 0,
  batch: 100,
  tenants: 1,
  replicas: 3,
  history: true,
}

/** The constant, the benchmark and figure that it comes from, and what turns one into the other. */
const origins: readonly (readonly [keyof typeof measured, string, string, (value: number) => number])[] = [
  ['ingestSingleMicros', 'ingest', 'one-json, CPU of ingest', same],
  ['ingestBatchMicros', 'ingest', 'batch-json, CPU of ingest', same],
  ['natsEventMicros', 'ingest', 'batch-json, CPU of nats-server', same],
  ['natsPutMicros', 'projector', 'latest over 100000 keys, CPU of nats-server', same],
  ['natsHubMicros', 'scale-out', 'nats-server, an event for each further hub', same],
  ['hubEventMicros', 'inbound', 'hub, one subscriber, 20,000 events/s', same],
  ['hubFrameMicros', 'fan-out', '5000 channels of 1', (millions) => 1 / millions],
  ['hubEntryMicros', 'fan-out', '500 subscribers in one channel', (millions) => 1 / millions],
  ['hubConnectionBytes', 'idle', 'a channel each', same],
  ['hubResumeMicros', 'storm', '10000 resume on another hub, the last has caught up, CPU of the hub', (s) => s * 100],
  ['projectorEventMicros', 'projector', 'latest over 100000 keys, CPU of projector', same],
  ['projectorRowMicros', 'projector', 'history into Postgres 15, CPU of the projector', same],
  ['postgresRowMicros', 'projector', 'history into Postgres 15, CPU of the database', same],
  ['streamEventsMax', 'ingest', 'batch-json', same],
]

for (const [constant, benchmark, figure, turn] of origins) {
  test(`${constant} is near what was recorded last`, () => {
    const path = new URL(`../../../bench/results/${benchmark}.json`, import.meta.url)
    const { figures } = JSON.parse(readFileSync(path, 'utf8')) as { figures: { name: string; value: number }[] }
    const found = figures.find(({ name }) => name === figure)
    assert.ok(found, `${benchmark} has no figure "${figure}"`)
    const ratio = measured[constant] / turn(found.value)
    assert.ok(ratio > 0.5 && ratio < 2, `${measured[constant]} against ${turn(found.value)}`)
  })
}

test('a small mesh is two of what must not be missing, and no more', () => {
  const { ingest, hub, projector, nats, limits } = meshSize(small)
  assert.deepEqual([ingest.processes, hub.processes, projector.processes, nats.servers], [2, 2, 1, 3])
  assert.deepEqual(limits, [])
})

test('twice the subscribers are twice the hubs, and no core is loaded above the share', () => {
  const one = meshSize({ ...small, subscribers: 500_000 })
  const two = meshSize({ ...small, subscribers: 1_000_000 })
  assert.ok(Math.abs(two.hub.processes / one.hub.processes - 2) < 0.1)
  assert.ok(two.hub.cores / two.hub.processes <= limits.busyShare)
})

test('many small tenants share their hubs, and large ones have their own', () => {
  assert.equal(meshSize({ ...small, tenants: 500 }).hub.processes, 2)
  assert.ok(meshSize({ ...small, events: 500_000, tenants: 10 }).hub.processes >= 10)
})

test('gathering costs fewer hubs', () => {
  const busy = { ...small, subscribers: 100_000, matching: 10 }
  assert.ok(meshSize({ ...busy, intervalMs: 1_000 }).hub.processes < meshSize(busy).hub.processes / 3)
})

test('what one stream or one hub cannot take is said, with what to do', () => {
  const { limits } = meshSize({ ...small, events: 1_000_000 })
  assert.equal(limits.length, 2)
  assert.match(limits.join('\n'), /split them over more tenants[\s\S]*at least 10 tenants/)
  assert.deepEqual(meshSize({ ...small, events: 1_000_000, tenants: 20 }).limits, [])
})

function same(value: number): number {
  return value
}
