import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StatePage } from './api-shapes.ts'
import { withEachDatabase } from './each-database.ts'
import { assertHistory, assertLatest } from './equality.ts'
import type { TestDatabase } from './pglite.ts'
import { reading, ServiceUnderTest, until } from './service-under-test.ts'
import { storedEvents } from './stream-contents.ts'

withEachDatabase((startDatabase) => {
  let database: TestDatabase
  let service: ServiceUnderTest
  let published = 0

  before(async () => {
    database = await startDatabase()
    service = await ServiceUnderTest.start({ databaseUrl: database.url })
  })

  after(async () => {
    await service?.stop()
    await database?.stop()
  })

  async function publishSome(count: number): Promise<void> {
    for (let sent = 0; sent < count; sent++) {
      await service.publish(`rooms.r${published % 20}`, reading({ n: published++ }))
    }
  }

  /** Where the history has come to. */
  async function historySeq(): Promise<number> {
    const { status, body } = await service.get<StatePage>('/v1/history?limit=1')
    return status === 200 ? Number.parseInt(body.cursor.split('-')[1] ?? '', 36) : 0
  }

  test('while Postgres is away the history waits and says so, everything else goes on, and nothing is lost', async () => {
    await publishSome(50)
    await until(async () => (await historySeq()) === 50)
    await database.kill()
    await publishSome(100)
    const parts = await until(async () => {
      const { ready, parts } = await service.projector.health()
      return !ready && parts
    })
    assert.match(parts['projection main/history']?.detail ?? '', /Postgres/)
    assert.equal(parts['projection main/latest']?.ok, true)
    await until(async () => (await service.get('/v1/state/latest/rooms.r9')).status === 200)
    const refused = await service.get<{ code: string }>('/v1/history')
    assert.deepEqual([refused.status, refused.body.code], [503, 'unavailable'])
    assert.match(refused.headers.get('retry-after') ?? '', /^\d+$/)
    await sleep(500)
    await publishSome(50)
    await database.restart()
    await service.projector.ready()
    await until(async () => (await historySeq()) === 200)
  })

  test('a projector that starts while Postgres is away begins when it is back', async () => {
    await service.projector.kill()
    await database.kill()
    service.projector = await service.another()
    await publishSome(30)
    await until(async () => (await service.get('/v1/state/latest/rooms.r19')).status === 200)
    await database.restart()
    await service.projector.ready()
    await until(async () => (await historySeq()) === 230)
  })

  test('an outage of NATS is waited for', async () => {
    await service.nats.kill()
    await until(async () => !(await service.projector.health()).ready)
    assert.equal((await service.get('/v1/state/latest/rooms.r1')).status, 503)
    await service.nats.restart()
    await service.projector.ready()
    await publishSome(50)
    await until(async () => (await historySeq()) === 280)
    await until(async () => {
      const { body } = await service.get<StatePage['items'][number]>(`/v1/state/latest/rooms.r${(published - 1) % 20}`)
      return body.event?.reading?.metrics?.n === published - 1
    })
    await service.projector.stop()
    const events = await storedEvents(service.nc, 'main')
    assert.equal(events.length, 280)
    await assertLatest(service.nc, 'latest', events)
    await assertHistory(database.url, events)
  })
})
