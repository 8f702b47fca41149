import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fromBinary } from '@bufbuild/protobuf'
import { bucketStream, defaultTenantSpec, provisionTenant } from '@weir/mesh'
import { EventSchema } from '@weir/proto'
import type { DeadLetterPage, OpenLetter } from '../src/run/dead-letters.ts'
import type { StateItem, StatePage } from './api-shapes.ts'
import { startPglite, type TestDatabase } from './pglite.ts'
import { reading, ServiceUnderTest, until } from './service-under-test.ts'

const projections = `
projections:
  - { name: latest, kind: latest }
  - { name: brief, kind: latest, from: 'brief.>', ttl: 2s }
  - { name: small, kind: latest, from: 'many.>', ttl: 1h }
  - { name: floors, kind: latest, from: 'labelled.>', key: 'floor.{label.floor}', ttl: 1h }
  - { name: merged, kind: merge, from: 'mixed.>', ttl: 1h }
  - { name: minutes, kind: window, from: 'mixed.>', size: 1m, ttl: 1h }
  - { name: broken, kind: alert, from: 'mixed.>', when: 'int(eventType) > 3' }
  - { name: endless, kind: alert, from: 'mixed.>', when: 'data.all(a, data.all(b, data.all(c, data.all(d, a == d))))' }
  - { name: history, kind: history }
`
const buckets = [
  { name: 'brief', ttlMs: 2_000, maxBytes: 1_000_000 },
  { name: 'small', ttlMs: 3_600_000, maxBytes: 64 * 1024 },
  ...['floors', 'merged', 'minutes'].map((name) => ({ name, ttlMs: 3_600_000, maxBytes: 10_000_000 })),
]

let database: TestDatabase
let service: ServiceUnderTest

before(async () => {
  database = await startPglite()
  service = await ServiceUnderTest.start({ projections, buckets, databaseUrl: database.url })
  await service.authorize({ admin: true })
})

after(async () => {
  await service?.stop()
  await database?.stop()
})

/**
 * Resolves when an event that is published now is projected: everything before it has been dealt
 * with.
 */
async function caughtUp(subject = 'mixed.marker'): Promise<void> {
  const seq = await service.publish(subject, reading({ marker: 1 }))
  await until(async () => {
    const { body } = await service.get<StatePage>('/v1/history?limit=1')
    return Number.parseInt(body.cursor.split('-')[1] ?? '', 36) >= seq
  })
  await until(async () => (await service.get(`/v1/state/latest/${subject}`)).status === 200)
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${service.projector.adminUrl}/metrics`)).text()
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`weir_projector_${name} `))
      ?.split(' ')[1] ?? Number.NaN,
  )
}

test('what is no event goes to the dead letters of each projection, and the rest goes on', async () => {
  await service.publishBytes('junk.a', new TextEncoder().encode('this is no event'))
  // The outer form is right and what is inside is not: only who decodes it can tell.
  await service.publishBytes('junk.b', Uint8Array.of(0x52, 0x03, 0x0a, 0x7f, 0x01))
  await caughtUp()
  const { items } = await until(async () => {
    const { body } = await service.get<DeadLetterPage>('/v1/dead-letters')
    return body.items.length >= 3 && body
  })
  const told = items.map(({ projection, subject, code }) => `${projection} ${subject} ${code}`).sort()
  assert.deepEqual(told, ['history junk.a malformed', 'history junk.b malformed', 'latest junk.a malformed'])
  assert.equal(items[0]?.event, undefined)
  assert.equal(await metric('dead_letters_total{tenant="main",projection="latest"}'), 1)
})

test('a dead letter is tried again, and is gone once it succeeds or is removed', async () => {
  await service.publish('labelled.x', reading({ n: 1 }))
  await caughtUp()
  const letter = await until(async () => {
    const { body } = await service.get<DeadLetterPage>('/v1/dead-letters?limit=100')
    return body.items.find(({ projection }) => projection === 'floors')
  })
  assert.match(letter.reason, /label\.floor/)
  assert.equal(letter.event?.reading?.metrics?.n, 1)
  const { body: opened } = await service.get<OpenLetter>(`/v1/dead-letters/${letter.id}`)
  const { payload, ...rest } = opened
  assert.deepEqual(rest, letter)
  assert.equal(fromBinary(EventSchema, Buffer.from(payload, 'base64')).id, opened.event?.id ?? '')
  assert.ok(Date.parse(opened.stored) <= Date.parse(opened.putAside) && Date.parse(opened.stored) > 0)
  assert.equal((await service.get('/v1/dead-letters/999999')).status, 404)
  // It still lacks the label.
  assert.equal((await service.request('POST', `/v1/dead-letters/${letter.id}/replay`)).status, 422)
  assert.equal((await service.request('DELETE', `/v1/dead-letters/${letter.id}`)).status, 204)
  assert.equal((await service.request('DELETE', `/v1/dead-letters/${letter.id}`)).status, 204)
  assert.equal((await service.request('POST', `/v1/dead-letters/${letter.id}/replay`)).status, 404)
  assert.equal((await service.request('POST', '/v1/dead-letters/x/replay')).status, 400)
})

test('data of other kinds is kept by latest and history, and passed over by folds', async () => {
  const before = await metric('ignored_total{tenant="main",projection="merged"}')
  await service.publish('mixed.text', { data: { case: 'json', value: '"text"' } } as never)
  await service.publish('mixed.binary', { data: { case: 'binary', value: { data: Uint8Array.of(1, 2) } } } as never)
  // A kind that a newer schema may add: field 17.
  await service.publishBytes('mixed.newer', Uint8Array.of(0x0a, 0x01, 0x78, 0x8a, 0x01, 0x01, 0x00))
  await caughtUp()
  assert.equal((await metric('ignored_total{tenant="main",projection="merged"}')) - before, 3)
  const { body } = await service.get<StateItem>('/v1/state/latest/mixed.newer')
  assert.deepEqual(body.event, { id: 'x' })
  assert.equal((await service.get('/v1/state/merged/mixed.text')).status, 404)
})

test('a time far in the future does not win over the honest ones that follow', async () => {
  const inTenYears = Date.now() + 10 * 365 * 86_400_000
  await service.publish('mixed.clock', reading({ t: 1 }, inTenYears))
  await service.publish('mixed.clock', reading({ t: 2 }))
  const item = await until(async () => {
    const { status, body } = await service.get<StateItem>('/v1/state/merged/mixed.clock')
    return status === 200 && body.event.reading?.metrics?.t === 2 && body
  })
  assert.ok(Date.parse(item.event.time ?? '') < Date.now() + 120_000)
  const { body } = await service.get<StatePage>('/v1/state/minutes?filter=mixed.clock.*')
  assert.ok(body.items.every(({ event }) => Date.parse(event.time ?? '') < Date.now() + 120_000))
})

test('an event as large as there may be is projected', async () => {
  const value = JSON.stringify('x'.repeat(261_000))
  await service.publish('mixed.large', { data: { case: 'json', value } } as never)
  const { body } = await until(async () => {
    const answer = await service.get<StateItem>('/v1/state/latest/mixed.large')
    return answer.status === 200 && answer
  })
  assert.equal(String(body.event.data).length, 261_000)
})

test('JSON that Postgres cannot hold costs the event its JSON at most', async () => {
  const texts = ['"\\u0000"', '"\\ud800"', '{"\\u0000key":1}', '1e999', `${'['.repeat(60)}${']'.repeat(60)}`]
  for (const [at, value] of texts.entries()) {
    await service.publish(`mixed.odd${at}`, { data: { case: 'json', value } } as never)
  }
  await caughtUp()
  const { body } = await service.get<StatePage>(`/v1/history?filter=mixed.*&limit=1000`)
  for (const at of texts.keys())
    assert.ok(
      body.items.some(({ subject }) => subject === `mixed.odd${at}`),
      texts[at],
    )
})

test('what Postgres cannot hold is counted, said once in a while, and never with its content', async () => {
  const before = service.projector.output.length
  const counted = 'history_without_json_total{tenant="main",projection="history"}'
  const events = 20
  const start = await metric(counted)
  for (let at = 0; at < events; at++) {
    // More digits than numeric of Postgres has.
    const value = '[1e200000, "private\\u0000content"]'
    await service.publish(`mixed.huge${at}`, { data: { case: 'json', value } } as never)
  }
  await caughtUp()
  assert.equal((await metric(counted)) - start, events)
  const said = service.projector.output.slice(before)
  const lines = said.match(/Postgres cannot hold the JSON/g)?.length ?? 0
  assert.ok(lines >= 1 && lines < events / 2, `${lines} lines`)
  assert.doesNotMatch(said, /private|content"/)
})

test('a condition that fails or does not end is counted, and the rest goes on', async () => {
  const value = JSON.stringify(Array(300).fill(1))
  await service.publish('mixed.loop', { type: 'no number', data: { case: 'json', value } } as never)
  await caughtUp()
  await until(async () => (await metric('condition_failures_total{tenant="main",projection="endless"}')) >= 1)
  assert.ok((await metric('condition_failures_total{tenant="main",projection="broken"}')) >= 1)
  assert.match(service.projector.output, /the condition of a rule failed/)
})

test('a full bucket refuses further keys by log and metric and goes on with those that it has', async () => {
  for (let key = 0; key < 400; key++) await service.publish(`many.k${key}`, reading({ a: key, b: key, c: key }))
  await caughtUp()
  await until(async () => (await metric('refused_keys_total{tenant="main",projection="small"}')) > 50)
  assert.match(service.projector.output, /the bucket does not take a key/)
  await service.publish('many.k0', reading({ a: -1 }))
  await until(async () => {
    const { body } = await service.get<StateItem>('/v1/state/small/many.k0')
    return body.event.reading?.metrics?.a === -1
  })
})

test('a key that is not put again expires for readers and subscribers', async () => {
  const removals: string[] = []
  const subscription = service.nc.subscribe('live.main.brief.>', {
    callback: (_error, message) => {
      const reason = message.headers?.last('Nats-Marker-Reason') ?? ''
      if (reason !== '') removals.push(`${message.subject} ${reason}`)
    },
  })
  try {
    await putBrief('brief.x')
    await until(async () => removals.length > 0)
    assert.equal(removals[0], 'live.main.brief.brief.x MaxAge')
    assert.equal((await service.get('/v1/state/brief/brief.x')).status, 404)
    assert.deepEqual((await service.get<StatePage>('/v1/state/brief')).body.items, [])
    // It comes back with its next event.
    await putBrief('brief.x')
  } finally {
    subscription.unsubscribe()
  }
})

/** Until it can be read: on a slow machine its two seconds may be over before that. */
async function putBrief(subject: string): Promise<void> {
  await until(async () => {
    await service.publish(subject, reading({ n: 1 }))
    return (await service.get(`/v1/state/brief/${subject}`)).status === 200
  })
}

test('an event that is older than the TTL by the time it is read is not brought to life', async () => {
  await service.projector.stop()
  await service.publish('brief.old', reading({ n: 1 }))
  await service.publish('late.x', reading({ n: 1 }))
  await sleep(2_100)
  await service.begin()
  await putBrief('brief.fresh')
  assert.equal((await service.get('/v1/state/brief/brief.old')).status, 404)
  // What is late and alive is as old as its event.
  const { body } = await service.get<StateItem>('/v1/state/latest/late.x')
  assert.ok(body.ageMs >= 2_100 && body.ttlMs === 3_600_000)
})

test('a bucket that is deleted is shown by health, and is filled again once it is there', async () => {
  await service.publish('labelled.y', { ...reading({ n: 1 }), labels: { floor: 'f1' } })
  await until(async () => (await service.get('/v1/state/floors/floor.f1')).status === 200)
  await service.nc.request(`$JS.API.STREAM.DELETE.${bucketStream('main', 'floors')}`)
  const parts = await until(async () => {
    const { ready, parts } = await service.projector.health()
    return !ready && parts
  })
  assert.equal(parts['projection main/floors']?.ok, false)
  assert.equal(parts['projection main/latest']?.ok, true)
  await caughtUp('mixed.meanwhile')
  await provisionTenant(service.nc, 'main', {
    ...defaultTenantSpec,
    buckets: [...defaultTenantSpec.buckets, ...buckets],
  })
  await service.projector.ready()
  await until(async () => (await service.get('/v1/state/floors/floor.f1')).status === 200)
})
