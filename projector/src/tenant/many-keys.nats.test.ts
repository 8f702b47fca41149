import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { create, toBinary } from '@bufbuild/protobuf'
import { connectNats, createLogger, type NatsConnection, provisionTenant } from '@weir/mesh'
import { startNats, type TestNats } from '@weir/mesh/testing'
import { EventSchema } from '@weir/proto'
import { bucketEntries } from '../../test/stream-contents.ts'
import { EventRecord } from '../event/event-record.ts'
import { selectMetrics } from '../event/metric-selection.ts'
import { wholePartition } from '../event/partition.ts'
import { LatestProjection } from '../kinds/latest/latest-projection.ts'
import { MergeProjection } from '../kinds/merge/merge-projection.ts'
import { compileKeyTemplate } from '../template/template.ts'

const log = createLogger('test', 'fatal')
const tenant = 'many'
const key = compileKeyTemplate('{subject}')
let nats: TestNats
let nc: NatsConnection

before(async () => {
  nats = await startNats()
  nc = await connectNats({ url: nats.url, name: 'admin', log })
  await provisionTenant(nc, tenant, {
    eventsMaxBytes: 8_000_000,
    eventsMaxAgeMs: 3_600_000,
    replicas: 1,
    buckets: ['merge', 'latest'].map((name) => ({ name, ttlMs: 3_600_000, maxBytes: 8_000_000 })),
  })
})

after(async () => {
  await nc?.close()
  await nats?.stop()
})

const kinds = [
  {
    bucket: 'merge',
    make: (target: ReturnType<typeof targetOf>) =>
      new MergeProjection({
        ...target,
        spec: { kind: 'merge', ...target.spec, metrics: selectMetrics(undefined), key },
      }),
  },
  {
    bucket: 'latest',
    make: (target: ReturnType<typeof targetOf>) =>
      new LatestProjection({ ...target, spec: { kind: 'latest', ...target.spec, order: 'time', key } }),
  },
]

function targetOf(bucket: string) {
  const spec = { name: 'p', from: ['>'], bucket, ttlMs: 3_600_000, quotaBytes: 8_000_000 }
  return { nc, tenant, partition: wholePartition, log, isOthers: () => false, spec, keysMax: 2 }
}

for (const { bucket, make } of kinds) {
  test(`${bucket}: events of keys past the bound are left out and counted, and the others go on`, async () => {
    const projection = make(targetOf(bucket))
    try {
      await projection.open()
      let seq = 0
      for (const room of ['r1', 'r2', 'r3', 'r1', 'r3']) {
        const event = create(EventSchema, { data: { case: 'reading', value: { metrics: { celsius: ++seq } } } })
        await projection.take(new EventRecord(`rooms.${room}`, 1, seq, Date.now(), toBinary(EventSchema, event)))
      }
      await projection.effects.flushed()
      const stored = [...(await bucketEntries(nc, tenant, bucket)).keys()].sort()
      assert.deepEqual(stored, ['rooms.r1', 'rooms.r2'])
      assert.equal(projection.stats.overflowed, 2)
    } finally {
      projection.effects.close()
    }
  })
}
