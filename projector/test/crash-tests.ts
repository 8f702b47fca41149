import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventShards, eventStream, streamState } from '@weir/mesh'
import { cursorParts, parseCursor } from '@weir/proto'
import { selectMetrics } from '../src/event/metric-selection.ts'
import type { Position } from '../src/log/position.ts'
import { assertHistory, assertLatest, assertMerged, assertWindows } from './equality.ts'
import type { TestDatabase } from './pglite.ts'
import { reading, ServiceUnderTest, until } from './service-under-test.ts'
import { bucketEntries, storedEvents } from './stream-contents.ts'

const projections = `
projections:
  - { name: latest, kind: latest }
  - { name: climate, kind: merge, key: '{0}.{1}', ttl: 1h }
  - { name: load, kind: window, size: 2s, lateness: 1s, every: 100ms, ttl: 1h }
  - { name: history, kind: history }
`
const shape = { sizeMs: 2_000, latenessMs: 1_000, metrics: selectMetrics(undefined), percentiles: [50, 95, 99] }

/** The tests of a projector that is killed while events come, which lie in so many streams. */
export function crashTests(startDatabase: () => Promise<TestDatabase>, shards: number): void {
  let database: TestDatabase
  let service: ServiceUnderTest

  before(async () => {
    database = await startDatabase()
    service = await ServiceUnderTest.start({
      projections,
      databaseUrl: database.url,
      shards,
      buckets: ['climate', 'load'].map((bucket) => ({ name: bucket, ttlMs: 3_600_000, maxBytes: 100_000_000 })),
    })
  })

  after(async () => {
    await service?.stop()
    await database?.stop()
  })

  test('kill -9 while events come, again and again: buckets and Postgres end equal to the stream', async () => {
    let publishing = true
    const crashes = (async () => {
      for (let crash = 0; crash < 3; crash++) {
        await sleep(300 + crash * 150)
        await service.projector.kill()
        await service.begin()
      }
    })().finally(() => {
      publishing = false
    })
    let count = 0
    while (publishing) {
      await Promise.all(
        Array.from({ length: 50 }, (_, at) => {
          const n = count + at
          const late = n % 11 === 0 ? 3_500 : n % 7
          return service.publish(`rooms.r${n % 40}.${n % 3}`, reading({ [`m${n % 5}`]: n }, Date.now() - late))
        }),
      )
      count += 50
      await sleep(25)
    }
    await crashes
    assert.ok(count > 500, `${count} events are too few to tell`)
    await settled(service)
    assert.equal(await service.projector.stop(), 0)

    // Positions of a projector that stops in order are at the head, so a start after it has nothing
    // to do.
    const events = await storedEvents(service.nc, 'main')
    assert.equal(events.length, count)
    await assertLatest(service.nc, 'latest', events)
    await assertMerged(service.nc, 'climate', events)
    await assertWindows(service.nc, 'load', shape, events)
    await assertHistory(database.url, events)
  })

  test('a start after an orderly stop writes nothing', async () => {
    const before = await revisions(service)
    await service.begin()
    await settled(service)
    assert.deepEqual(await revisions(service), before)
  })
}

/** Resolves when every projection has stored a position at the head. */
async function settled(service: ServiceUnderTest): Promise<void> {
  await until(async () => {
    const streams = (await eventShards(service.nc, 'main')).map((shard) => streamState(service.nc, eventStream(shard)))
    const heads = (await Promise.all(streams)).map(({ lastSeq }) => lastSeq)
    const positions = await bucketEntries(service.nc, 'main', 'positions')
    const history = await service.get<{ cursor: string }>('/v1/history?limit=1')
    const ofHistory = cursorParts(parseCursor(history.body.cursor)).map(({ seq }) => seq)
    const others = ['latest', 'climate', 'load'].map((name) => {
      const { seq = 0, shards } = (positions.get(`${name}.0-1`)?.event.data ?? {}) as Partial<Position>
      return shards?.map((shard) => shard.seq) ?? [seq]
    })
    return [ofHistory, ...others].every((seqs) => String(seqs) === String(heads))
  })
}

async function revisions(service: ServiceUnderTest): Promise<number[]> {
  return await Promise.all(
    ['latest', 'climate', 'load'].map(async (bucket) => (await streamState(service.nc, `KV_main_${bucket}`)).lastSeq),
  )
}
