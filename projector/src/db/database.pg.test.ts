import assert from 'node:assert/strict'
import { createServer, connect as dial, type Server, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLogger } from '@weir/mesh'
import { startPglite, type TestDatabase } from '../../test/pglite.ts'
import { openDatabase } from './database.ts'
import { queryHistory } from './history-query.ts'
import { HistoryTable } from './history-table.ts'

let postgres: TestDatabase
let proxy: HangingProxy

/** What stands between, and can stop to pass anything on without closing. */
interface HangingProxy {
  readonly url: string
  hangs: boolean
  readonly server: Server
}

before(async () => {
  postgres = await startPglite()
  const database = openDatabase({ url: postgres.url, readersMax: 1, log: createLogger('test', 'fatal') })
  await new HistoryTable(database, 'main').open()
  await database.close()
  proxy = await startProxy(postgres.url)
})

after(async () => {
  proxy?.server.close()
  await postgres?.stop()
})

async function startProxy(url: string): Promise<HangingProxy> {
  const target = new URL(url)
  const port = Number(target.port)
  const made = { hangs: false, url: '', server: createServer() }
  made.server.on('connection', (client: Socket) => {
    const behind = dial(port, target.hostname)
    client.on('data', (chunk) => made.hangs || behind.write(chunk))
    behind.on('data', (chunk) => made.hangs || client.write(chunk))
    for (const [one, other] of [
      [client, behind],
      [behind, client],
    ] as const) {
      one.on('close', () => other.destroy())
      one.on('error', () => other.destroy())
    }
  })
  await new Promise<void>((resolve) => made.server.listen(0, '127.0.0.1', resolve))
  const address = made.server.address()
  target.port = String(typeof address === 'object' ? address?.port : 0)
  made.url = target.href
  return made
}

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
