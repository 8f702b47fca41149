import { once } from 'node:events'
import { PGlite } from '@electric-sql/pglite'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'

/** A Postgres for tests, of either kind. */
export interface TestDatabase {
  readonly url: string
  /** Cuts it off at once; the data stay. */
  kill(): Promise<void>
  restart(): Promise<void>
  /** Ends it and removes its data. */
  stop(): Promise<void>
}

/** PGlite in this process, in memory, behind a socket on a free port. */
export async function startPglite(): Promise<TestDatabase> {
  const db = await PGlite.create()
  const listen = async (port: number): Promise<PGLiteSocketServer> => {
    const server = new PGLiteSocketServer({ db, host: '127.0.0.1', port })
    const listening = once(server, 'listening')
    await server.start()
    await listening
    return server
  }
  let server = await listen(0)
  const address = server.getServerConn()
  return {
    url: `postgres://postgres@${address}/postgres`,
    async kill() {
      await server.stop()
      // What its clients had begun stays open in the one session that there is, and whoever comes
      // next would go on in it.
      await db.exec('rollback')
    },
    async restart() {
      server = await listen(Number(address.split(':')[1]))
    },
    async stop() {
      await server.stop()
      await db.close()
    },
  }
}
