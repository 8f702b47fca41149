// A process of its own: Postgres in WebAssembly, on a socket. It has one session, which its clients
// share in turns. Arguments: the folder of the data, the port. The password comes in the
// environment, where `ps` does not show it.

import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { PGlite } from '@electric-sql/pglite'
import { pgliteSession } from './pglite-session.ts'
import { openPostgresGate } from './postgres-gate.ts'
import { SharedPostgresSession } from './postgres-session.ts'

const [dataDir = '', port = ''] = process.argv.slice(2)
const password = process.env.WEIR_POSTGRES_PASSWORD ?? ''
if (password === '') throw new Error('WEIR_POSTGRES_PASSWORD is missing.')

// The default of 128 MB of shared buffers is all touched at the start; one writer of append-only
// rows needs few.
const postgresqlconf = ['shared_buffers = 16MB', 'max_wal_size = 128MB', 'min_wal_size = 32MB', "timezone = 'UTC'"]

if (!existsSync(`${dataDir}/PG_VERSION`)) {
  // Made aside and moved into place when it is whole: a start that is cut short leaves nothing half
  // made.
  await rm(`${dataDir}.new`, { recursive: true, force: true })
  await (await PGlite.create({ dataDir: `${dataDir}.new`, postgresqlconf })).close()
  await rename(`${dataDir}.new`, dataDir)
}
const db = await PGlite.create({ dataDir, postgresqlconf })
const session = new SharedPostgresSession(pgliteSession(db))
const gate = await openPostgresGate({
  port: Number(port),
  password,
  serve: (client) => session.serve(client),
})
for (const name of ['SIGTERM', 'SIGINT'] as const) {
  process.once(name, async () => {
    gate.close()
    await db.close()
    process.exit(0)
  })
}
// Whoever waits for this line may end it at once.
console.log(`Postgres listens on 127.0.0.1:${port}.`)
