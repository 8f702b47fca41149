import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { eventStream } from '@weir/mesh'
import type { AlertPage } from '../src/kinds/alert/alerts.ts'
import type { SilenceItem } from '../src/silence/silence-item.ts'
import type { StateItem } from './api-shapes.ts'
import { reading, ServiceUnderTest, until } from './service-under-test.ts'

const projections = `
projections:
  - { name: latest, kind: latest }
  - { name: climate, kind: merge, from: 'rooms.>', key: '{0}.{1}', ttl: 10m }
  - { name: load, kind: window, from: 'hosts.>', size: 1s, lateness: 5s, every: 100ms, ttl: 10m }
  - { name: hot, kind: alert, from: 'rooms.>', key: '{1}', when: 'metrics.celsius > 30', severity: URGENT,
      message: '{1} is at {metric.celsius}', labels: { room: '{1}', team: kitchen } }
  - { name: slow, kind: alert, from: 'hosts.>', source: load, key: '{1}', when: 'metrics["ms.max"] > 100.0' }
  - { name: silent, kind: alert, from: 'beats.>', absent: 1s, severity: HIGH }
  - { name: offline, kind: alert, from: 'branches.>', key: '{1}', when: 'metrics.up == 0', labels: { branch: '{1}' } }
  - { name: late, kind: alert, from: 'orders.>', key: '{1}.{2}', when: 'metrics.minutes > 20', labels: { branch: '{1}' } }
maintenance:
  - { name: always, match: { rule: slow }, from: '00:00', to: '00:00', tz: Europe/Berlin, comment: load tests }
inhibitions:
  - { source: { rule: offline }, target: { rule: [late, offline] }, equal: [branch] }
`

let service: ServiceUnderTest

before(async () => {
  service = await ServiceUnderTest.start({
    projections,
    buckets: [
      { name: 'climate', ttlMs: 600_000, maxBytes: 1_000_000 },
      { name: 'load', ttlMs: 600_000, maxBytes: 1_000_000 },
    ],
  })
})

after(() => service?.stop())

async function alerts(query = ''): Promise<AlertPage['items']> {
  return (await service.get<AlertPage>(`/v1/alerts${query}`)).body.items
}

/** How many events of an alert were ever stored. */
async function eventsOf(subject: string): Promise<number> {
  const reply = await service.nc.request(
    `$JS.API.STREAM.INFO.${eventStream('main')}`,
    JSON.stringify({ subjects_filter: `ev.main.${subject}` }),
  )
  return Object.values(reply.json<{ state: { subjects?: Record<string, number> } }>().state.subjects ?? {}).reduce(
    (sum, count) => sum + count,
    0,
  )
}

test('readings of one key are merged metric by metric', async () => {
  await service.publish('rooms.r1.a', reading({ celsius: 20 }, 1_000_000))
  await service.publish('rooms.r1.b', reading({ percent: 40 }, 1_001_000))
  await service.publish('rooms.r1.a', reading({ celsius: 19 }, 999_000))
  const item = await until(async () => {
    const { status, body } = await service.get<StateItem>('/v1/state/climate/rooms.r1')
    return status === 200 && body.event.reading?.metrics?.percent !== undefined && body
  })
  assert.deepEqual(item.event.reading, {
    metrics: { celsius: 20, percent: 40 },
    times: { celsius: '1970-01-01T00:16:40Z' },
  })
})

test('a condition raises an alert, which a person acknowledges and the next event resolves', async () => {
  await service.publish('rooms.r7.a', reading({ celsius: 31 }))
  const [raised] = await until(async () => {
    const items = await alerts('?filter=alerts.hot.>')
    return items.length === 1 && items
  })
  assert.equal(raised?.id, 'hot.r7')
  assert.equal(raised?.severity, 'URGENT')
  assert.equal(raised?.status, 'FIRING')
  assert.equal(raised?.message, 'r7 is at 31')

  await service.authorize({ publish: [], subject: 'ann' })
  assert.equal((await service.request('POST', '/v1/alerts/hot.r7/ack')).status, 403)
  await service.authorize({ publish: ['alerts.>'], subject: 'bob' })
  assert.equal((await service.request('POST', '/v1/alerts/hot.none/ack')).status, 404)
  const acked = await service.request<{ status: string; by: string }>('POST', '/v1/alerts/hot.r7/ack')
  assert.deepEqual([acked.status, acked.body.status, acked.body.by], [200, 'ACKED', 'bob'])
  assert.equal((await service.request('POST', '/v1/alerts/hot.r7/ack')).status, 200)

  await service.publish('rooms.r7.a', reading({ celsius: 32 }))
  await service.publish('rooms.r7.a', reading({ celsius: 29 }))
  const [resolved] = await until(async () => {
    const items = await alerts('?filter=alerts.hot.r7&status=RESOLVED')
    return items.length === 1 && items
  })
  assert.equal(resolved?.by, '')
  assert.equal((await service.request('POST', '/v1/alerts/hot.r7/ack')).status, 409)
  assert.equal(await eventsOf('alerts.hot.r7'), 3)
})

test('an alert that a person resolves does not fire again before its cause is gone', async () => {
  await service.publish('rooms.r8.a', reading({ celsius: 40 }))
  await until(async () => (await alerts('?filter=alerts.hot.r8')).length === 1)
  const answer = await service.request<{ status: string }>('POST', '/v1/alerts/hot.r8/resolve')
  assert.equal(answer.body.status, 'RESOLVED')
  await until(async () => (await alerts('?filter=alerts.hot.r8&status=RESOLVED')).length === 1)
  await service.publish('rooms.r8.a', reading({ celsius: 41 }))
  await service.publish('rooms.r8.a', reading({ celsius: 10 }))
  await service.publish('rooms.r8.a', reading({ celsius: 42 }))
  await until(async () => (await alerts('?filter=alerts.hot.r8')).length === 1)
  // Fired, resolved by ann, over, fired again.
  assert.equal(await eventsOf('alerts.hot.r8'), 4)
})

test('a silence quiets an alert, which goes on to exist and says until when and by whom', async () => {
  await service.authorize({ publish: ['rooms.>'], subject: 'eve' })
  const all = { match: { filter: 'alerts.>' }, for: '1h' }
  assert.equal((await service.request('PUT', '/v1/silences/all', {}, all)).status, 403)
  await service.authorize({ subject: 'ann' })
  assert.equal((await service.request('PUT', '/v1/silences/all', {}, { match: {}, for: '1h' })).status, 422)
  await service.publish('rooms.r11.a', reading({ celsius: 50 }))
  await service.publish('rooms.r12.a', reading({ celsius: 50 }))
  await until(async () => (await alerts('?filter=alerts.hot.r11,alerts.hot.r12')).length === 2)
  const match = { rule: 'hot', labels: { room: 'r11', team: ['kitchen', 'bar'] } }
  const short = await service.request<SilenceItem>('PUT', '/v1/silences/oven', {}, { match, for: '1h', by: 'eve' })
  assert.deepEqual([short.status, short.body.state, short.body.by], [200, 'active', 'ann'])
  // Another one of the same alert that lasts longer, sent as any producer would.
  const data = JSON.stringify({ match: { filter: 'alerts.hot.r11' }, for: '2h', by: 'bob', comment: 'cleaning' })
  await service.publish('silences.kitchen.longer', { data: { case: 'json', value: data } })
  const silenced = await until(async () => {
    const items = await alerts('?silenced=true')
    return items[0]?.silenced?.name === 'kitchen.longer' && items
  })
  const [item] = silenced
  assert.deepEqual([silenced.length, item?.id, item?.status, item?.labels.team], [1, 'hot.r11', 'FIRING', 'kitchen'])
  const { by, comment } = item?.silenced ?? {}
  assert.deepEqual([by, comment], ['bob', 'cleaning'])
  assert.deepEqual(
    (await alerts('?filter=alerts.hot.r11,alerts.hot.r12&silenced=false')).map(({ id }) => id),
    ['hot.r12'],
  )
  // One is ended by the API and one by an event; what is no silence is put aside and changes
  // nothing.
  await service.publish('silences.oven', { data: { case: 'json', value: '{"match":{}}' } })
  assert.equal((await service.request('DELETE', '/v1/silences/kitchen.longer')).status, 204)
  await until(async () => (await alerts('?silenced=true'))[0]?.silenced?.name === 'oven')
  const listed = (await service.get<{ items: SilenceItem[] }>('/v1/silences')).body.items
  assert.deepEqual(
    listed.filter(({ by }) => by !== 'maintenance').map(({ name, state }) => [name, state]),
    [['oven', 'active']],
  )
  await service.publish('silences.oven', { data: { case: 'json', value: '{"ended":true}' } })
  await until(async () => (await alerts('?silenced=true')).length === 0)
  assert.equal((await service.request('DELETE', '/v1/silences/oven')).status, 404)
  for (const room of ['r11', 'r12']) await service.publish(`rooms.${room}.a`, reading({ celsius: 20 }))
  await until(async () => (await alerts('?filter=alerts.hot.r11,alerts.hot.r12')).length === 0)
})

test('a condition over windows sees their statistics, and a maintenance time quiets its alert', async () => {
  await service.publish('hosts.h1', reading({ ms: 30 }))
  await service.publish('hosts.h1', reading({ ms: 130 }))
  const [raised] = await until(async () => {
    const items = await alerts('?filter=alerts.slow.h1')
    return items[0]?.silenced !== undefined && items
  })
  const { name, by, comment } = raised?.silenced ?? {}
  assert.deepEqual([name, by, comment], ['maintenance.always', 'maintenance', 'load tests'])
})

test('an open alert quiets those of another rule that have the same label, and never itself', async () => {
  await service.publish('orders.b1.o1', reading({ minutes: 30 }))
  await service.publish('orders.b2.o1', reading({ minutes: 30 }))
  await service.publish('branches.b1', reading({ up: 0 }))
  const inhibited = async (): Promise<unknown> => {
    return (await alerts('?filter=alerts.late.>,alerts.offline.>'))
      .map(({ id, inhibitedBy }) => [id, inhibitedBy])
      .sort()
  }
  const quiet = [
    ['late.b1.o1', 'offline.b1'],
    ['late.b2.o1', undefined],
    ['offline.b1', undefined],
  ]
  await until(async () => isDeepStrictEqual(await inhibited(), quiet))
  const idsOf = async (choice: boolean): Promise<readonly string[]> =>
    (await alerts(`?filter=alerts.late.>,alerts.offline.>&inhibited=${choice}`)).map(({ id }) => id).sort()
  assert.deepEqual(await idsOf(true), ['late.b1.o1'])
  assert.deepEqual(await idsOf(false), ['late.b2.o1', 'offline.b1'])
  assert.equal((await service.get('/v1/alerts?inhibited=maybe')).status, 400)
  await service.publish('branches.b1', reading({ up: 1 }))
  const loud = [
    ['late.b1.o1', undefined],
    ['late.b2.o1', undefined],
  ]
  await until(async () => isDeepStrictEqual(await inhibited(), loud))
})

test('a key that falls silent raises an alert, and its next event resolves it', async () => {
  await service.publish('beats.b1', reading({ n: 1 }))
  const [raised] = await until(async () => {
    const items = await alerts('?filter=alerts.silent.>')
    return items.length === 1 && items
  })
  assert.equal(raised?.key, 'beats.b1')
  await service.publish('beats.b1', reading({ n: 2 }))
  await until(async () => (await alerts('?filter=alerts.silent.>&status=RESOLVED')).length === 1)
})

test('a restart and a second replica add nothing to what was told', async () => {
  await service.publish('rooms.r9.a', reading({ celsius: 50 }))
  await until(async () => (await alerts('?filter=alerts.hot.r9')).length === 1)
  const second = await service.another()
  await second.ready()
  await service.projector.kill()
  await service.begin()
  for (let room = 20; room < 40; room++) await service.publish(`rooms.r${room}.a`, reading({ celsius: 60 }))
  await until(async () => (await alerts('?filter=alerts.hot.*&limit=100')).length === 22)
  for (let room = 20; room < 40; room++) await service.publish(`rooms.r${room}.a`, reading({ celsius: 20 }))
  await until(async () => (await alerts('?filter=alerts.hot.*&limit=100')).length === 2)
  assert.equal(await eventsOf('alerts.hot.r9'), 1)
  for (let room = 20; room < 40; room++) assert.equal(await eventsOf(`alerts.hot.r${room}`), 2)
  await second.stop()
})
