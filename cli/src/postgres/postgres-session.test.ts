import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { after, before, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { PGlite } from '@electric-sql/pglite'
import postgres from 'postgres'
import { pgliteSession } from './pglite-session.ts'
import { SharedPostgresSession } from './postgres-session.ts'

let db: PGlite
let server: Server
const clients: postgres.Sql[] = []

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

before(async () => {
  db = await PGlite.create()
  const session = new SharedPostgresSession(pgliteSession(db))
  server = createServer((socket) => session.serve(socket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
})

after(async () => {
  await Promise.all(clients.map((sql) => sql.end({ timeout: 1 })))
  server.close()
  await db.close()
})

function client(): postgres.Sql {
  const { port } = server.address() as AddressInfo
  const sql = postgres(`postgres://postgres@127.0.0.1:${port}/postgres`, { max: 1, fetch_types: false })
  clients.push(sql)
  return sql
}

test('many clients at once have each their own answers', async () => {
  const numbers = Array.from({ length: 50 }, (_, i) => i)
  const all = await Promise.all(
    [client(), client(), client(), client()].map((sql, who) =>
      Promise.all(numbers.map(async (n) => (await sql`select ${`${who} ${n}`}::text as said`)[0]?.said)),
    ),
  )
  assert.deepEqual(
    all,
    all.map((_, who) => numbers.map((n) => `${who} ${n}`)),
  )
})

test('nobody comes into the transaction of another, and one that fails leaves nothing', async () => {
  const [one, other] = [client(), client()]
  await one`create table counters (name text primary key, value int not null)`
  await one`insert into counters values ('a', 0)`
  const add = (sql: postgres.Sql, fail: boolean): Promise<unknown> =>
    sql.begin(async (tx) => {
      const [row] = await tx`select value from counters where name = 'a'`
      await tx`update counters set value = ${(row?.value as number) + 1} where name = 'a'`
      if (fail) await tx`select 1 / 0`
    })
  const done = await Promise.allSettled(
    Array.from({ length: 30 }, (_, i) => add(i % 2 === 0 ? one : other, i % 5 === 0)),
  )
  assert.equal(done.filter(({ status }) => status === 'rejected').length, 6)
  assert.deepEqual([...(await other`select value from counters`)], [{ value: 24 }])
})

test('what a client leaves behind in a transaction is rolled back, and its statements are forgotten', async () => {
  const [leaving, staying] = [client(), client()]
  await staying`create table left_behind (n int)`
  let cut: Promise<unknown> = Promise.resolve()
  await new Promise<void>((began) => {
    cut = leaving.begin(async (tx) => {
      await tx`insert into left_behind values (${1})`
      began()
      await new Promise(() => {})
    })
  })
  const asked = staying`select count(*)::int as count from left_behind`
  await Promise.all([leaving.end({ timeout: 0 }), assert.rejects(cut)])
  assert.deepEqual([...(await asked)], [{ count: 0 }])
  const statements = await staying`select statement from pg_prepared_statements where statement like '%left_behind%'`
  assert.deepEqual(statements.map(({ statement }) => String(statement).includes('insert')).filter(Boolean), [])
})

test('a fault of one client is told to it alone', async () => {
  const [one, other] = [client(), client()]
  const answers = await Promise.allSettled([one`select * from nowhere`, other`select 1 as one`, one`select 2 as two`])
  assert.deepEqual(
    answers.map(({ status }) => status),
    ['rejected', 'fulfilled', 'fulfilled'],
  )
})

test('bytes that are no messages end their client alone', async () => {
  const { port } = server.address() as AddressInfo
  const socket = connect(port, '127.0.0.1')
  socket.write(Buffer.from([0x7f, 0xff, 0xff, 0xff, 0, 0]))
  await once(socket, 'close')
  assert.deepEqual([...(await client()`select 1 as one`)], [{ one: 1 }])
})

test('nothing of the answers is kept', async () => {
  const sql = client()
  const read = async (): Promise<number> => {
    await sql`select n, 'row ' || n as said from generate_series(1, 20000) n`
    collectGarbage()
    return process.memoryUsage().heapUsed
  }
  await read()
  const before = await read()
  for (let turn = 0; turn < 9; turn++) await read()
  const grown = (await read()) - before
  // 200,000 rows that were kept would be more than 30 MB.
  assert.ok(grown < 10_000_000, `${grown} bytes more`)
})
