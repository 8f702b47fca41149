import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Mode } from '@weir/proto'
import { type TestHub, TestMesh } from './harness.ts'
import { LiveLoss } from './live-loss.ts'
import { Random } from './random.ts'
import { TcpProxy } from './tcp-proxy.ts'
import { TestClient } from './test-client.ts'

interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const ringBytes = 131_072

describe('the metrics of a hub', () => {
  let mesh: TestMesh
  let proxy: TcpProxy
  let hub: TestHub
  const loss = new LiveLoss(new Random('metrics'))

  before(async () => {
    mesh = await TestMesh.start()
    proxy = await TcpProxy.start(mesh.nats.port, { filter: () => loss.filter() })
    hub = await mesh.startHub({ WEIR_HUB_RING_BYTES: String(ringBytes) }, proxy)
  })

  after(async () => {
    await mesh.stop()
    proxy.close()
  })

  async function samples(): Promise<readonly Sample[]> {
    const text = await (await fetch(`${hub.adminUrl}/metrics`)).text()
    return [...text.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm)].map(([, name = '', labels = '', value]) => ({
      name,
      labels: Object.fromEntries([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, text]) => [key, text])),
      value: Number(value),
    }))
  }

  test('are true after a scenario, and have few labels', async () => {
    const all = await TestClient.open(hub.url, { windowBytes: 8_388_608 })
    all.subscribe({ filters: ['metric.>'], mode: Mode.ALL })
    await all.next('subscribed')
    const slow = await TestClient.open(hub.url, { windowBytes: 16_384, acknowledges: false })
    slow.subscribe({ filters: ['metric.>'], mode: Mode.LATEST })
    await slow.next('subscribed')
    const filler = JSON.stringify('x'.repeat(4_000))
    await mesh.publish('metric.quiet', filler)
    for (let count = 0; count < 100; count++) await mesh.publish('metric.hot', filler)
    await all.until(() => all.entries.length === 101)
    assert.equal(await hub.metric('behind'), 1)
    loss.share = 1
    await mesh.publish('metric.hot', '"lost"')
    await all.until(() => all.entries.length === 102)
    loss.share = 0
    for (const [said, code] of [
      ['', 3500],
      ['no token', 3502],
    ] as const) {
      const rude = new TestClient(hub.url)
      await rude.connected()
      if (said === '') rude.sendRaw('no frame')
      else rude.greet(said, {})
      assert.equal((await rude.closed).code, code)
    }
    assert.equal((await fetch(`${hub.httpUrl}/v1/sse`)).status, 401)
    slow.acknowledgeAll()
    await slow.until(() => slow.entries.includes('metric.hot="lost"'))
    await hub.untilMetric('behind', (count) => count === 0)

    const found = await samples()
    const read = (name: string, code?: string): number =>
      found.find((each) => each.name === `weir_hub_${name}` && each.labels.code === code)?.value as number
    assert.equal(read('inbound_total'), 102)
    assert.equal(read('deliveries_total'), all.entries.length + slow.entries.length)
    const conflated = slow.batches.reduce((sum, batch) => sum + Number(batch.conflated), 0)
    assert.ok(conflated > 0)
    assert.equal(read('conflated_total'), conflated)
    assert.equal(loss.lost, 1)
    // On a busy machine something more may have come too late.
    assert.ok(read('repairs_total') >= 1 && read('repaired_entries_total') >= 1)
    assert.ok(read('ring_bytes') > ringBytes / 2 && read('ring_bytes') <= ringBytes, `${read('ring_bytes')}`)
    const latestBytes = read('latest_bytes')
    assert.ok(latestBytes > 4_000 && latestBytes < 5_000, `${latestBytes} for one entry that has left the ring`)
    assert.deepEqual([read('closes_total', '3500'), read('closes_total', '3502')], [1, 1])
    assert.equal(read('refusals_total', 'unauthenticated'), 1)
    assert.deepEqual([read('connections'), read('subscriptions'), read('channels')], [2, 2, 1])
    assert.ok(read('compared_seconds') < 3)

    const own = found.filter(({ name }) => name.startsWith('weir_'))
    assert.deepEqual([...new Set(own.map(({ name }) => name.replace('weir_hub_', '')))].sort(), names)
    const labels = new Set(own.flatMap((each) => Object.entries(each.labels).map(([key, text]) => `${key}=${text}`)))
    const buckets = ['0.0001', '0.001', '0.01', '0.1', '1', '+Inf'].map((le) => `le=${le}`)
    const codes = ['3500', '3502', 'unauthenticated'].map((code) => `code=${code}`)
    assert.deepEqual(labels, new Set(['source=events', 'source=bucket', ...codes, ...buckets]))
    const others = found.filter(({ name }) => !name.startsWith('weir_'))
    for (const { name } of others) assert.match(name, /^(process|nodejs)_/)
    assert.doesNotMatch(JSON.stringify(others.map((each) => each.labels)), /metric|test/)
    all.close()
    slow.close()
  })

  test('tell when NATS cannot be asked, where the lag stays as it was', async () => {
    const client = await TestClient.open(hub.url)
    client.subscribe({ filters: ['metric.>'] })
    await client.next('subscribed')
    await hub.untilMetric('compared_seconds', (seconds) => seconds > 0 && seconds < 3)
    proxy.cut()
    await mesh.publish('metric.missed', '1')
    await hub.untilMetric('compared_seconds', (seconds) => seconds > 4)
    assert.equal(await hub.metric('lag_entries'), 0)
    proxy.mend()
    await hub.untilMetric('compared_seconds', (seconds) => seconds < 3)
    await client.until(() => client.entries.length > 0)
    assert.deepEqual(client.entries, ['metric.missed=1'])
    client.close()
  })
})

/** Whoever adds one says in docs/hub.md what it is for, if operators are to look at it. */
const names: readonly string[] = [
  'batches_total',
  'behind',
  'channels',
  'closes_total',
  'compared_seconds',
  'conflated_total',
  'connections',
  'deliveries_total',
  'full',
  'gaps_total',
  'inbound_total',
  'lag_entries',
  'latest_bytes',
  'pass_seconds_bucket',
  'pass_seconds_count',
  'pass_seconds_sum',
  'publish_in_flight',
  'publish_in_flight_bytes',
  'publish_retries_total',
  'publishes_total',
  'refusals_total',
  'repaired_entries_total',
  'repairs_total',
  'resets_total',
  'ring_bytes',
  'socket_bytes',
  'sources',
  'stream_reads_total',
  'subjects',
  'subscriber_lag_entries',
  'subscriber_lag_seconds',
  'subscriptions',
]
