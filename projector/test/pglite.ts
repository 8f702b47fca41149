import { once } from 'node:events'
import { PGlite } from '@electric-sql/pglite'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'

export interface TestDatabase {
  readonly url: string
  stop(): Promise<void>
}

/** PGlite in this process, in memory, behind a socket on a free port. */
export async function startPglite(): Promise<TestDatabase> {
  const db = await PGlite.create()
  const server = new PGLiteSocketServer({ db, host: '127.0.0.1', port: 0 })
  const listening = once(server, 'listening')
  await server.start()
  await listening
  return {
    url: `postgres://postgres@${server.getServerConn()}/postgres`,
    async stop() {
      await server.stop()
      await db.close()
    },
  }
}
