import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { StatePage } from './api-shapes.ts'
import { type HangingProxy, startHangingProxy } from './hanging-proxy.ts'
import { startPglite, type TestDatabase } from './pglite.ts'
import { reading, ServiceUnderTest, until } from './service-under-test.ts'

let database: TestDatabase
let proxy: HangingProxy
let service: ServiceUnderTest

before(async () => {
  database = await startPglite()
  proxy = await startHangingProxy(database.url)
  service = await ServiceUnderTest.start({ databaseUrl: proxy.url })
})

after(async () => {
  await service?.stop()
  proxy?.server.close()
  await database?.stop()
})

async function blocked(): Promise<string | undefined> {
  const text = await (await fetch(`${service.projector.adminUrl}/metrics`)).text()
  return /^weir_projector_blocked\{tenant="main",projection="history"\} (\d)/m.exec(text)?.[1]
}

async function historySize(): Promise<number> {
  const { status, body } = await service.get<StatePage>('/v1/history')
  return status === 200 ? body.items.length : 0
}

test('a Postgres that hangs without closing is told by readiness, metric and answer, though nothing is written', async () => {
  await service.publish('rooms.a', reading({ n: 1 }))
  await until(async () => (await historySize()) === 1)
  assert.deepEqual([await blocked(), (await service.projector.health()).ready], ['0', true])
  proxy.hangs = true
  const began = performance.now()
  const refused = await service.get<{ code: string }>('/v1/history')
  assert.deepEqual([refused.status, refused.body.code], [503, 'unavailable'])
  assert.ok(performance.now() - began < 20_000)
  const parts = await until(async () => {
    const { ready, parts } = await service.projector.health()
    return !ready && parts
  })
  assert.match(parts['projection main/history']?.detail ?? '', /^waiting: Postgres cannot be written/)
  assert.equal(parts['projection main/latest']?.ok, true)
  assert.equal(await blocked(), '1')
  // What comes meanwhile waits.
  await service.publish('rooms.b', reading({ n: 2 }))
  await until(async () => (await service.get('/v1/state/latest/rooms.b')).status === 200)
  proxy.hangs = false
  await service.projector.ready()
  await until(async () => (await historySize()) === 2)
  assert.equal(await blocked(), '0')
})
