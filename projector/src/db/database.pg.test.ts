import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLogger } from '@weir/mesh'
import { type HangingProxy, startHangingProxy } from '../../test/hanging-proxy.ts'
import { startPglite, type TestDatabase } from '../../test/pglite.ts'
import { openDatabase } from './database.ts'
import { queryHistory } from './history-query.ts'
import { HistoryTable } from './history-table.ts'

let postgres: TestDatabase
let proxy: HangingProxy

before(async () => {
  postgres = await startPglite()
  const database = openDatabase({ url: postgres.url, readersMax: 1, log: createLogger('test', 'fatal') })
  await new HistoryTable(database, 'main').open()
  await database.close()
  proxy = await startHangingProxy(postgres.url)
})

after(async () => {
  proxy?.server.close()
  await postgres?.stop()
})

/** PGlite bears one connection: it takes the next when it has seen the end of the last. */
async function eventually(work: () => Promise<unknown>): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const failure = await work().then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    if (failure === undefined) return
    assert.ok(attempt < 20, String(failure))
    await sleep(100)
  }
}

test('a Postgres that hangs without closing is away in time, and is there again when it answers', async () => {
  const log = createLogger('test', 'fatal')
  const database = openDatabase({ url: proxy.url, readersMax: 2, log, deadlineMs: 4_000 })
  const table = new HistoryTable(database, 'main')
  const request = {
    tenant: 'main',
    filters: ['>'],
    fromMs: undefined,
    toMs: undefined,
    order: 'asc',
    limit: 1,
  } as const
  const read = (): Promise<unknown> => queryHistory(database, { ...request, next: undefined }, { epoch: 1, seq: 1 })
  try {
    await eventually(() => read())
    proxy.hangs = true
    const began = performance.now()
    await assert.rejects(read(), { code: 'unavailable' })
    await assert.rejects(table.probe(), { code: 'ETIMEDOUT' })
    await assert.rejects(read(), { code: 'unavailable' })
    assert.ok(performance.now() - began < 20_000)
    proxy.hangs = false
    await eventually(() => Promise.all([read(), table.probe()]))
  } finally {
    await database.close()
  }
})
