import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { defaultTenantSpec } from '@weir/mesh'
import { type EventJson, timestampFromMilliseconds } from '@weir/proto'
import { loadProjections } from '../src/declaration/file/load.ts'
import type { AlertPage } from '../src/kinds/alert/alerts.ts'
import type { StateItem, StatePage } from './api-shapes.ts'
import { ServiceUnderTest, until } from './service-under-test.ts'

/** The files of the section Examples, as one: their projections have names of their own. */
const documented = examplesOf(readFileSync(new URL('../../docs/projections.md', import.meta.url), 'utf8'))
  // Only how long nothing has to come is made shorter.
  .replace('absent: 30s', 'absent: 2s')

let service: ServiceUnderTest

before(async () => {
  const has = new Set(defaultTenantSpec.buckets.map(({ name }) => name))
  const buckets = loadProjections(documented, 'docs/projections.md').flatMap((spec) => {
    if (!('bucket' in spec) || has.has(spec.bucket)) return []
    return [{ name: spec.bucket, ttlMs: spec.ttlMs, maxBytes: 1_000_000 }]
  })
  service = await ServiceUnderTest.start({ projections: documented, buckets })
})

after(() => service?.stop())

function examplesOf(text: string): string {
  const [, section = ''] = /\n## Examples\n([\s\S]*?)\n## /.exec(text) ?? []
  const files = [...section.matchAll(/```yaml\nprojections:\n([\s\S]*?)```/g)].map(([, list = '']) => list)
  assert.equal(files.length, 5)
  return `projections:\n${files.join('\n')}`
}

async function tell(subject: string, data: object, secondsAgo = 0): Promise<void> {
  await publish(subject, { case: 'json', value: JSON.stringify(data) }, secondsAgo)
}

type Data = NonNullable<Parameters<ServiceUnderTest['publish']>[1]['data']>

async function publish(subject: string, data: Data, secondsAgo = 0): Promise<void> {
  const time = timestampFromMilliseconds(Date.now() - secondsAgo * 1_000)
  await service.publish(subject, { data, ...(time === undefined ? {} : { time }) })
}

/** The value of a key, once it has the metrics, and none but these. */
async function metricsOf(bucket: string, key: string, metrics: Readonly<Record<string, number>>): Promise<void> {
  let last: EventJson | undefined
  await until(async () => {
    const { status, body } = await service.get<StateItem>(`/v1/state/${bucket}/${key}`)
    last = status === 200 ? body.event : undefined
    return JSON.stringify(sorted(last?.reading?.metrics ?? {})) === JSON.stringify(sorted(metrics))
  }).catch((cause) => assert.fail(`${bucket} ${key}: ${JSON.stringify(last)} ${cause}`))
}

function sorted(map: object): unknown {
  return Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1))
}

async function firing(filter: string): Promise<AlertPage['items'][0]> {
  return await until(async () => (await service.get<AlertPage>(`/v1/alerts?filter=alerts.${filter}`)).body.items[0])
}

test('live rooms: half of the viewers leave within a minute, and a room falls silent', async () => {
  await tell('rooms.r1.viewers', { viewers: 120 }, 65)
  await tell('rooms.r2.viewers', { viewers: 120 }, 65)
  await tell('rooms.r1.viewers', { viewers: 50 })
  await tell('rooms.r2.viewers', { viewers: 61 })
  assert.equal((await firing('viewers-leave.>')).message, 'room r1 has 50 viewers left')
  assert.equal((await firing('room-silent.r2')).key, 'r2')
  assert.deepEqual((await service.get<AlertPage>('/v1/alerts?filter=alerts.viewers-leave.r2')).body.items, [])
})

test('a kitchen: orders of each branch by their state, and open alerts by their severity', async () => {
  const order = (number: number, status: string, more: object = {}, secondsAgo = 0): Promise<void> => {
    const data = { order: `o${number}`, branch: 'north', status, priority: 'normal', ...more }
    return tell(`orders.north.o${number}`, data, secondsAgo)
  }
  for (let number = 0; number < 4; number++) await order(number, 'pending', {}, 10)
  await order(4, 'pending', { branch: 'south', priority: 'urgent' })
  await metricsOf('orders-by-branch', 'north', { total: 4, pending: 4, cooking: 0, ready: 0 })
  assert.equal((await firing('many-pending.north')).message, 'north has 4 orders pending')
  assert.equal((await firing('urgent-order.o4')).severity, 'URGENT')

  await order(0, 'cooking')
  await order(1, 'ready')
  await order(2, 'delivered')
  await order(1, 'cooking', {}, 5)
  await metricsOf('orders-by-branch', 'north', { total: 3, pending: 1, cooking: 1, ready: 1 })
  await metricsOf('orders-by-branch', 'south', { total: 1, pending: 1, cooking: 0, ready: 0 })
  await until(async () => {
    const { event } = (await service.get<StateItem>('/v1/state/open-alerts/all')).body
    return event?.reading?.metrics?.URGENT === 1
  })
})

test('deliveries: the state of each, and how many are in each', async () => {
  const change = (entity: string, to: string, secondsAgo = 0): Promise<void> =>
    publish(`deliveries.${entity}`, { case: 'stateChange', value: { entity, to } }, secondsAgo)
  for (const entity of ['d1', 'd2', 'd3']) await change(entity, 'packed', 20)
  await change('d1', 'on the way')
  await change('d2', 'delivered')
  await change('d2', 'on the way', 5)
  await metricsOf('deliveries-by-state', 'all', { total: 2, packed: 1, 'on the way': 1 })
  const { body } = await service.get<StateItem>('/v1/state/deliveries/d2')
  assert.equal(body.event.stateChange?.to, 'delivered')
})

test('a pipeline: the status of the stages of a run, and how long each stage took', async () => {
  const stage = (run: string, name: string, status: string, more: object = {}): Promise<void> =>
    tell(`pipelines.nightly.${run}`, { run, stage: name, status, ...more })
  await stage('r7', 'extract', 'complete', { seconds: 12.5 })
  await stage('r7', 'load', 'processing')
  await stage('r8', 'extract', 'complete', { seconds: 14.5 })
  await stage('r8', 'load', 'error')
  await metricsOf('run-status', 'r7', { total: 2, complete: 1, processing: 1 })
  await metricsOf('run-status', 'r8', { total: 2, complete: 1, error: 1 })
  const { body } = await service.get<StateItem>('/v1/state/stages/r8.load')
  assert.deepEqual(body.event.data, { run: 'r8', stage: 'load', status: 'error' })
  await until(async () => {
    // An hour may end between the two.
    const { items } = (await service.get<StatePage>('/v1/state/stage-seconds?filter=extract.*')).body
    const metrics = items.map(({ event }) => event.reading?.metrics ?? {})
    return metrics.reduce((sum, { 'seconds.count': count }) => sum + Number(count ?? 0), 0) === 2
  })
})

test('requests a second: a counter that begins again has counted what it shows', async () => {
  for (const [secondsAgo, requests] of [
    [45, 1_000],
    [25, 1_400],
    [15, 100],
    [5, 300],
  ] as const) {
    await tell('web.w1', { requests }, secondsAgo)
  }
  const rate = await until(async () => {
    const { status, body } = await service.get<StateItem>('/v1/state/requests-per-second/w1')
    const value = status === 200 ? body.event.reading?.metrics?.requests : undefined
    return value !== undefined && Number(value)
  })
  // 700 in some 40 s; the times are those of the clock.
  assert.ok(Math.abs(rate - 17.5) < 0.5, `${rate}`)
})
