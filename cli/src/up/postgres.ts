// A process of its own: Postgres in WebAssembly, on a socket. It serves one connection at a time, which is the projector's.
// Arguments: the folder of the data, the port.

import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { PGlite } from '@electric-sql/pglite'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'

const [dataDir = '', port = ''] = process.argv.slice(2)

// The default of 128 MB of shared buffers is all touched at the start; one writer of append-only rows needs few.
const postgresqlconf = ['shared_buffers = 16MB', 'max_wal_size = 128MB', 'min_wal_size = 32MB', "timezone = 'UTC'"]

if (!existsSync(`${dataDir}/PG_VERSION`)) {
  // Made aside and moved into place when it is whole: a start that is cut short leaves nothing half made.
  await rm(`${dataDir}.new`, { recursive: true, force: true })
  await (await PGlite.create({ dataDir: `${dataDir}.new`, postgresqlconf })).close()
  await rename(`${dataDir}.new`, dataDir)
}
const db = await PGlite.create({ dataDir, postgresqlconf })
const server = new PGLiteSocketServer({ db, host: '127.0.0.1', port: Number(port) })
await server.start()
console.log(`Postgres listens on 127.0.0.1:${port}.`)

for (const name of ['SIGTERM', 'SIGINT'] as const) {
  process.once(name, async () => {
    await server.stop()
    await db.close()
    process.exit(0)
  })
}
