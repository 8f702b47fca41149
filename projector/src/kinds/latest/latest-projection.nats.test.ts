import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { create, toBinary } from '@bufbuild/protobuf'
import { connectNats, createLogger, type NatsConnection, provisionTenant } from '@weir/mesh'
import { startNats, type TestNats } from '@weir/mesh/testing'
import { Alert_Status, EventSchema } from '@weir/proto'
import { BucketReader } from '../../bucket/bucket-reader.ts'
import { EventRecord } from '../../event/event-record.ts'
import { wholePartition } from '../../event/partition.ts'
import { compileKeyTemplate } from '../../template/template.ts'
import { LatestProjection } from './latest-projection.ts'

const log = createLogger('test', 'fatal')
const ttlMs = 1_000

let nats: TestNats
let nc: NatsConnection

before(async () => {
  nats = await startNats()
  nc = await connectNats({ url: nats.url, name: 'admin', log })
  await provisionTenant(nc, 't', {
    eventsMaxBytes: 8_000_000,
    eventsMaxAgeMs: 3_600_000,
    replicas: 1,
    buckets: [{ name: 'alerts', ttlMs, maxBytes: 8_000_000 }],
  })
})

after(async () => {
  await nc?.close()
  await nats?.stop()
})

test('an open alert is not taken off the list by the TTL of its bucket, one that is over is', async () => {
  const spec = { name: 'alerts', from: ['alerts.>'], bucket: 'alerts', ttlMs, quotaBytes: 8_000_000 }
  const projection = new LatestProjection({
    nc,
    tenant: 't',
    partition: wholePartition,
    log,
    isOthers: () => false,
    spec: { kind: 'latest', ...spec, order: 'stored', key: compileKeyTemplate('{subject}') },
  })
  const buckets = new BucketReader(nc)
  const keys = async (): Promise<string[]> => {
    const { items } = await buckets.list('t', 'alerts', { filters: ['>'], limit: 100, after: undefined })
    return items.map(({ subject, ttlMs }) => `${subject} ${ttlMs}`).sort()
  }
  let seq = 0
  const alert = (key: string, status: Alert_Status): void => {
    const value = { rule: 'hot', key, status }
    const payload = toBinary(EventSchema, create(EventSchema, { data: { case: 'alert', value } }))
    void projection.take(new EventRecord(`alerts.hot.${key}`, 1, ++seq, Date.now(), payload))
  }
  try {
    await projection.open()
    alert('fires', Alert_Status.FIRING)
    alert('known', Alert_Status.ACKED)
    alert('over', Alert_Status.RESOLVED)
    alert('ends', Alert_Status.FIRING)
    await projection.effects.flushed()
    assert.deepEqual(await keys(), [
      'alerts.hot.ends 0',
      'alerts.hot.fires 0',
      'alerts.hot.known 0',
      'alerts.hot.over 1000',
    ])
    await sleep(2_500)
    assert.deepEqual(await keys(), ['alerts.hot.ends 0', 'alerts.hot.fires 0', 'alerts.hot.known 0'])
    alert('ends', Alert_Status.RESOLVED)
    await projection.effects.flushed()
    await sleep(2_500)
    assert.deepEqual(await keys(), ['alerts.hot.fires 0', 'alerts.hot.known 0'])
  } finally {
    projection.effects.close()
  }
})
