import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { create, toBinary } from '@bufbuild/protobuf'
import {
  connectNats,
  createLogger,
  defaultTenantSpec,
  mintToken,
  type NatsConnection,
  Publisher,
  provisionTenant,
} from '@weir/mesh'
import { startNats, type TestNats } from '@weir/mesh/testing'
import { EventSchema } from '@weir/proto'
import type { StateItem, StatePage } from '../src/state/bucket-reader.ts'
import { startPglite, type TestDatabase } from './pglite.ts'
import { ProjectorProcess, testSecret } from './projector-process.ts'

let nats: TestNats
let database: TestDatabase
let nc: NatsConnection
let publisher: Publisher
let projector: ProjectorProcess
let token: string

before(async () => {
  const log = createLogger('test', 'fatal')
  ;[nats, database] = await Promise.all([startNats(), startPglite()])
  nc = await connectNats({ url: nats.url, name: 'admin', log })
  await provisionTenant(nc, 'main', defaultTenantSpec)
  publisher = new Publisher(nc)
  projector = await ProjectorProcess.start({ WEIR_NATS_URL: nats.url, DATABASE_URL: database.url })
  token = await mintToken(testSecret, {
    tenant: 'main',
    subject: 'ann',
    publish: [],
    subscribe: ['rooms.>'],
    ttlSeconds: 60,
  })
  await projector.ready()
})

after(async () => {
  await projector?.stop()
  await nc?.close()
  await nats?.stop()
  await database?.stop()
})

async function publish(subject: string, celsius: number): Promise<number> {
  const event = create(EventSchema, {
    type: 'reading',
    data: { case: 'reading', value: { metrics: { celsius } } },
  })
  return (await publisher.publish('main', subject, crypto.randomUUID(), toBinary(EventSchema, event))).seq
}

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: StateItem & StatePage & { readonly code?: string }
}

async function get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(projector.url + path, { headers: { authorization: `Bearer ${token}`, ...headers } })
  const text = await response.text()
  return { status: response.status, body: JSON.parse(text.startsWith('{') ? text : 'null'), headers: response.headers }
}

async function until<T>(probe: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await probe()
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

test('an event is in the state and in the history soon after it is stored', async () => {
  await publish('rooms.r1.air', 20)
  const seq = await publish('rooms.r1.air', 21.5)
  await publish('yards.y1', 5)
  const item = await until(async () => {
    const { status, body } = await get('/v1/state/latest/rooms.r1.air')
    return status === 200 && body.event.reading?.metrics?.celsius === 21.5 ? body : undefined
  })
  assert.equal(item.subject, 'rooms.r1.air')
  assert.equal(item.ttlMs, 3_600_000)
  assert.ok(item.ageMs >= 0 && item.ageMs < 60_000)

  const history = await until(async () => {
    const { body } = await get('/v1/history')
    return body.items?.length === 2 ? body : undefined
  })
  assert.deepEqual(
    history.items.map(({ subject, seq, event }) => [subject, seq, event.reading?.metrics?.celsius]),
    [
      ['rooms.r1.air', seq - 1, 20],
      ['rooms.r1.air', seq, 21.5],
    ],
  )
  assert.match(history.cursor, /^[0-9a-z]+-[0-9a-z]+$/)
})

test('the list of a bucket holds what the token grants and pages through it', async () => {
  for (let room = 10; room < 35; room++) await publish(`rooms.r${room}.air`, room)
  await until(async () => ((await get('/v1/state/latest/rooms.r34.air')).status === 200 ? true : undefined))
  const seen = new Set<string>()
  let after = ''
  for (let page = 0; page < 10; page++) {
    const { body } = await get(`/v1/state/latest?filter=rooms.*.air&limit=10${after}`)
    assert.ok(body.items.length <= 10)
    for (const item of body.items) seen.add(item.subject)
    if (body.next === undefined) break
    after = `&after=${body.next}`
  }
  assert.equal(seen.size, 26)
  assert.equal(
    [...seen].some((subject) => subject.startsWith('yards')),
    false,
  )
})

test('an entity tag saves an answer that did not change', async () => {
  const first = await get('/v1/state/latest/rooms.r1.air')
  const etag = first.headers.get('etag') ?? ''
  assert.equal((await get('/v1/state/latest/rooms.r1.air', { 'if-none-match': etag })).status, 304)
  await publish('rooms.r1.air', 22)
  await until(async () =>
    (await get('/v1/state/latest/rooms.r1.air', { 'if-none-match': etag })).status === 200 ? true : undefined,
  )
})

test('what is not granted, not there or not asked for properly has its own answer', async () => {
  const status = async (path: string): Promise<number> => (await get(path)).status
  assert.equal((await fetch(`${projector.url}/v1/state/latest`)).status, 401)
  assert.equal((await fetch(`${projector.url}/v1/history`, { headers: { authorization: 'Bearer x.y.z' } })).status, 401)
  assert.equal(await status('/v1/state/latest?filter=yards.>'), 403)
  assert.equal(await status('/v1/state/latest?filter=>'), 403)
  assert.equal(await status('/v1/state/latest/yards.y1'), 403)
  assert.equal(await status('/v1/state/nothing/rooms.r1'), 404)
  assert.equal(await status('/v1/state/latest/rooms.none'), 404)
  assert.equal(await status('/v1/state/events/rooms.r1'), 404)
  assert.equal(await status('/v1/state/latest/rooms..r1'), 400)
  assert.equal(await status('/v1/state/latest?limit=0'), 400)
  assert.equal(await status('/v1/state/latest?after=%00'), 400)
  assert.equal(await status('/v1/history?from=yesterday'), 400)
  assert.equal(await status('/v1/history?cursor=x'), 400)
  assert.equal(await status('/v1/nothing'), 404)
  const { body, headers } = await get('/v1/state/nothing/rooms.r1')
  assert.equal(headers.get('content-type'), 'application/problem+json')
  assert.equal(body.code, 'not_found')
})

test('a page learns where the hub is before it has a token', async () => {
  const response = await fetch(`${projector.url}/v1/config`)
  assert.deepEqual(await response.json(), { hubUrl: 'ws://127.0.0.1:8080' })
})

test('the page is served, and paths do not leave its folder', async () => {
  const page = await fetch(projector.url)
  assert.match(page.headers.get('content-type') ?? '', /text\/html/)
  assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'self'/)
  const outside = await fetch(`${projector.url}/..%2f..%2fpackage.json`)
  assert.equal(outside.status, 404)
})

test('it drains on SIGTERM and exits with 0', async () => {
  assert.equal(await projector.stop(), 0)
  assert.match(projector.output, /"msg":"ready"/)
})
