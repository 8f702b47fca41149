import { after, before, describe } from 'node:test'
import { createLogger } from '@weir/mesh'
import { type Database, openDatabase } from '../src/db/database.ts'
import { startPglite, type TestDatabase } from './pglite.ts'
import { postgresBinaries, startPostgres } from './postgres-server.ts'

/** Runs the same tests on PGlite and, where it is installed, on a real Postgres. */
export function onEachDatabase(tests: (database: () => Database) => void): void {
  const kinds: [string, boolean, () => Promise<TestDatabase>][] = [
    ['PGlite', true, startPglite],
    ['a real Postgres', postgresBinaries() !== undefined, startPostgres],
  ]
  for (const [name, here, start] of kinds) {
    describe(`on ${name}`, { skip: here ? false : 'it is not on this machine' }, () => {
      let server: TestDatabase
      let database: Database
      before(async () => {
        server = await start()
        database = openDatabase({ url: server.url, connectionsMax: 1, log: createLogger('test', 'fatal') })
      })
      after(async () => {
        await database?.close()
        await server?.stop()
      })
      tests(() => database)
    })
  }
}
