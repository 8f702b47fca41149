import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { StatePage } from './api-shapes.ts'
import { reading, ServiceUnderTest, until } from './service-under-test.ts'

let service: ServiceUnderTest

const first = `projections:
  - { name: latest, kind: latest }
  - { name: rooms, kind: latest, bucket: rooms, from: 'rooms.>', key: '{1}' }
  - { name: doors, kind: latest, bucket: rooms, from: 'doors.>' }
  - { name: hot, kind: alert, from: 'rooms.>', key: '{1}', when: 'metrics.celsius > 30', message: '{1} is hot' }
`

const second = `projections:
  - { name: latest, kind: latest }
  - { name: rooms, kind: latest, bucket: rooms, from: 'rooms.>', key: '{2}.{1}' }
  - { name: doors, kind: latest, bucket: rooms, from: 'doors.>' }
  - { name: warm, kind: alert, source: latest, from: 'rooms.>', key: '{1}', when: 'metrics.celsius > 25' }
`

before(async () => {
  service = await ServiceUnderTest.start({
    projections: first,
    buckets: [{ name: 'rooms', ttlMs: 3_600_000, maxBytes: 8_000_000 }],
  })
})

after(() => service?.stop())

async function keysOf(bucket: string): Promise<string> {
  const { body } = await service.get<StatePage>(`/v1/state/${bucket}?limit=1000`)
  return body.items
    .map(({ subject }) => subject)
    .sort()
    .join()
}

async function alerts(query: string): Promise<readonly string[]> {
  const { body } = await service.get<{ items: { rule: string; key: string; message: string }[] }>(`/v1/alerts${query}`)
  return body.items.map(({ rule, key, message }) => `${rule} ${key}: ${message}`).sort()
}

test('another declaration is made anew: old keys go, those of others stay, a new rule judges what is there, a rule that is gone is resolved', async () => {
  await service.publish('rooms.r1.air', reading({ celsius: 50 }))
  await service.publish('rooms.r2.air', reading({ celsius: 20 }))
  await service.publish('doors.d1', reading({ open: 1 }))
  await until(async () => (await keysOf('rooms')) === 'doors.d1,r1,r2')
  await until(async () => (await alerts('')).length === 1)
  assert.deepEqual(await alerts(''), ['hot r1: r1 is hot'])
  await service.projector.stop()
  await service.declare(second)
  await service.begin()
  await until(async () => (await keysOf('rooms')) === 'air.r1,air.r2,doors.d1')
  await until(async () => (await alerts('?status=RESOLVED')).length === 1)
  assert.deepEqual(await alerts('?status=RESOLVED'), ['hot r1: rule removed'])
  await until(async () => (await alerts('')).length === 1)
  assert.deepEqual(await alerts(''), ['warm r1: '])
})

test('a rule that is declared in another way judges anew, and what it had raised for other keys is over', async () => {
  await service.projector.stop()
  await service.declare(second.replace("from: 'rooms.>', key: '{1}', when", "from: 'rooms.>', key: '{2}-{1}', when"))
  await service.begin()
  await until(async () => (await alerts('')).join() === 'warm air-r1: ')
  assert.ok((await alerts('?status=RESOLVED')).includes('warm r1: rule changed'))
})

test('the same declaration is not made anew', async () => {
  await service.projector.stop()
  await service.begin()
  assert.equal(service.projector.output.includes('is declared in another way'), false)
})

test('what no projection owns any more is listed', async () => {
  await service.authorize({ admin: true })
  await service.projector.stop()
  await service.declare('projections: [{ name: latest, kind: latest }]')
  await service.begin()
  const { status, body } = await service.get<{ buckets: { bucket: string }[]; positions: string[] }>('/v1/unowned')
  assert.equal(status, 200)
  assert.deepEqual(
    body.buckets.map(({ bucket }) => bucket),
    ['rooms'],
  )
  assert.deepEqual(body.positions, ['doors', 'hot', 'rooms', 'warm'])
  await service.projector.stop()
  await service.declare(second)
  await service.begin()
})

test('what is stored is listed with what bounds it, for administrators', async () => {
  interface Stored {
    readonly items: readonly { name: string; kind: string; messages: number; bytes: number; maxBytes: number }[]
  }
  await service.authorize({ admin: true })
  const { status, body } = await service.get<Stored>('/v1/streams')
  assert.equal(status, 200)
  const names = body.items.map(({ name }) => name)
  assert.deepEqual([names[0], names.at(-1)], ['events', 'dead-letters'])
  assert.ok(names.includes('latest') && names.includes('positions'), names.join())
  for (const { name, bytes, maxBytes } of body.items) assert.ok(maxBytes > 0 && bytes <= maxBytes, name)
  assert.ok((body.items[0]?.messages ?? 0) > 0)
  await service.authorize({ subscribe: ['>'] })
  assert.equal((await service.get('/v1/streams')).status, 403)
  await service.authorize({ admin: true })
})

test('a projection says which filters may write which keys', async () => {
  await service.authorize({ admin: true })
  const { body } = await service.get<{ items: { name: string; writes?: unknown }[] }>('/v1/projections')
  assert.deepEqual(body.items.find(({ name }) => name === 'rooms')?.writes, [{ from: 'rooms.>', keys: '*.*' }])
})
