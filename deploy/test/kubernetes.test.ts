import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { connect, type Weir } from '@weir/client'
import { parse } from 'yaml'
import { until } from '../../cli/test/processes.ts'
import { TestMesh, testToken } from '../../hub/test/harness.ts'
import { Authority } from './certificates.ts'
import { chart, rendered } from './chart.ts'
import { HubProcesses } from './hub-processes.ts'
import { KubeApi, withoutPrograms } from './kube-api.ts'
import { clusterPrograms, type Deployment, isReady, KubeCluster } from './kube-cluster.ts'
import { MetricsAdapter } from './metrics-adapter.ts'

const work = mkdtempSync(join(tmpdir(), 'weir-kwok-'))
after(() => rmSync(work, { recursive: true }))

const waitMs = 60_000
const zones = ['a', 'b'] as const
const skip = withoutPrograms('helm', ...clusterPrograms)

describe('controllers of Kubernetes', { skip, concurrency: true, timeout: 290_000 }, () => {
  let api: KubeApi
  let cluster: KubeCluster
  let mesh: TestMesh
  let hubs: HubProcesses
  let adapter: MetricsAdapter
  let installs = 0
  const clients: Weir[] = []
  const ended = new AbortController()

  /** Installs the hubs of the chart, and not what they would connect to. */
  async function install(namespace: string, hub: object): Promise<void> {
    const file = join(work, `${++installs}.json`)
    const external = { nats: { enabled: false }, externalNats: { servers: ['nats.example.org:4222'] } }
    writeFileSync(file, JSON.stringify({ ...external, hub }))
    for (const manifest of rendered(file)) {
      if (!['weir', 'weir-hub'].includes(manifest.metadata.name)) continue
      const { status, body } = await api.apply(manifest, namespace)
      assert.ok(status <= 201, `${manifest.kind}: ${status} ${body.message}`)
    }
  }

  before(async () => {
    api = await KubeApi.start()
    mesh = await TestMesh.start()
    for (const namespace of ['scaled', 'rolled', 'metrics']) await api.addNamespace(namespace)
    adapter = await MetricsAdapter.start(new Authority(work).issue('adapter'), servedMetrics(), () => hubs.scraped)
    await adapter.register(api, 'metrics')
    cluster = KubeCluster.start(api)
    for (const zone of zones) {
      for (const pool of ['scaled', 'rolled']) {
        await cluster.addNode(`${pool}-${zone}`, { 'topology.kubernetes.io/zone': zone, pool })
      }
    }
    hubs = new HubProcesses(cluster, mesh, 'scaled')
    hubs.start()
  })

  after(async () => {
    ended.abort()
    for (const client of clients) client.close()
    await hubs?.stop()
    await mesh?.stop()
    adapter?.close()
    cluster?.stop()
    api?.stop()
  })

  /** Every number that a Deployment of hubs has, in order and each once. */
  async function follow(namespace: string, number: (deployment: Deployment) => number): Promise<readonly number[]> {
    const seen: number[] = []
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments`
    await api.watch<Deployment>(path, ended.signal, (deployment) => {
      const value = number(deployment)
      if (seen.at(-1) !== value) seen.push(value)
    })
    return seen
  }

  async function settled(namespace: string, replicas: number): Promise<void> {
    await until(
      `${namespace} has ${replicas} hubs`,
      async () => {
        const { metadata, status } = await cluster.deployment(namespace, 'weir-hub')
        const { replicas: all, updatedReplicas, availableReplicas, observedGeneration } = status
        const counts = [all, updatedReplicas, availableReplicas]
        return observedGeneration === metadata.generation && counts.every((count) => count === replicas)
      },
      waitMs,
    )
  }

  test('scale hubs by the connections of real ones: up at once, down one by one, never below two', async () => {
    await install('scaled', {
      nodeSelector: { pool: 'scaled' },
      drainSeconds: 1,
      minReadySeconds: 0,
      // More than a hub can use: connections alone decide.
      resources: { requests: { cpu: '8' } },
      autoscaling: { kind: 'hpa', connections: 10, max: 4, scaleDownAfterSeconds: 4, scaleDownEverySeconds: 3 },
    })
    await settled('scaled', 2)
    await until('both hubs run', () => hubs.hubs.length === 2, waitMs)
    const replicas = await follow('scaled', ({ spec }) => spec.replicas)

    const token = await testToken()
    for (const { httpUrl } of hubs.hubs) {
      for (let i = 0; i < 20; i++) {
        const client = connect({ url: httpUrl.replace('http', 'ws'), getToken: () => token })
        clients.push(client)
        void drained(client)
      }
    }
    await settled('scaled', 4)
    await until('four hubs run', () => hubs.hubs.length === 4, waitMs)

    for (const client of clients) client.close()
    await settled('scaled', 2)
    const up = replicas.indexOf(4)
    assert.deepEqual(replicas.slice(up), [4, 3, 2])
    assert.ok(Math.min(...replicas) === 2, `${replicas}`)
  })

  test('roll hubs without one less, over zones, and let a drain take one at a time', async () => {
    const values = { nodeSelector: { pool: 'rolled' }, replicas: 2, minReadySeconds: 1 }
    await install('rolled', values)
    await settled('rolled', 2)
    const nodes = async (): Promise<readonly unknown[]> =>
      (await cluster.pods('rolled', 'hub')).filter(isReady).map(({ spec }) => spec.nodeName)
    assert.deepEqual((await nodes()).toSorted(), ['rolled-a', 'rolled-b'])

    const available = await follow('rolled', ({ status }) => status.availableReplicas ?? 0)
    const cordonAll = (unschedulable: boolean): Promise<unknown> =>
      Promise.all(zones.map((zone) => cluster.cordon(`rolled-${zone}`, unschedulable)))
    // Nowhere is room for the new hub, so the update waits, and the old ones stay.
    await cordonAll(true)
    await install('rolled', { ...values, maxAgeSeconds: 1_800 })
    await until(
      'the new hub waits for room',
      async () => {
        const { status } = await cluster.deployment('rolled', 'weir-hub')
        return status.replicas === 3 && status.updatedReplicas === 1
      },
      waitMs,
    )
    await cordonAll(false)
    await settled('rolled', 2)
    assert.ok(Math.min(...available) === 2, `${available}`)

    await cordonAll(true)
    const [first = '', second = ''] = (await cluster.pods('rolled', 'hub'))
      .filter(isReady)
      .map(({ metadata }) => metadata.name)
    await until('the budget counts both', async () => (await cluster.evict('rolled', first)).status === 201, waitMs)
    const refused = await cluster.evict('rolled', second)
    assert.equal(refused.status, 429)
    assert.match(refused.body.message ?? '', /disruption budget/)
    await cordonAll(false)
    await until('another hub is ready', async () => (await cluster.evict('rolled', second)).status === 201, waitMs)
  })
})

/** Subscribes, for a client that does not has no connection. */
async function drained(client: Weir): Promise<void> {
  for await (const _ of client.subscribe({ filter: 'rooms.>', mode: 'LATEST' }));
}

/**
 * The metrics of pods that the rules for prometheus-adapter serve under the name of their series.
 */
function servedMetrics(): RegExp {
  const { rules } = parse(readFileSync(`${chart}files/prometheus-adapter.yaml`, 'utf8')) as {
    readonly rules: { readonly custom: readonly { readonly seriesQuery: string }[] }
  }
  const names = rules.custom.flatMap(({ seriesQuery }) => /__name__=~"([^"]+)"/.exec(seriesQuery)?.[1] ?? [])
  return new RegExp(`^(?:${names.join('|')})$`)
}
