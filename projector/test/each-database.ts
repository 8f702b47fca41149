import { after, before, describe } from 'node:test'
import { createLogger } from '@weir/mesh'
import { type Database, openDatabase } from '../src/db/database.ts'
import { startPglite, type TestDatabase } from './pglite.ts'
import { postgresBinaries, startPostgres } from './postgres-server.ts'

/** Runs the same tests with PGlite and, where it is installed, with a real Postgres. */
export function withEachDatabase(tests: (start: () => Promise<TestDatabase>) => void): void {
  describe('with PGlite', () => tests(startPglite))
  const skip = postgresBinaries() === undefined ? 'it is not on this machine' : false
  describe('with a real Postgres', { skip }, () => tests(startPostgres))
}

/** The same for tests that share a connection. */
export function onEachDatabase(tests: (database: () => Database) => void): void {
  withEachDatabase((start) => {
    let server: TestDatabase
    let database: Database
    before(async () => {
      server = await start()
      database = openDatabase({ url: server.url, readersMax: 2, log: createLogger('test', 'fatal') })
    })
    after(async () => {
      await database?.close()
      await server?.stop()
    })
    tests(() => database)
  })
}
