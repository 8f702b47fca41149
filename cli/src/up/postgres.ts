// A process of its own: Postgres in WebAssembly, on a socket. It serves one connection at a time,
// which is the projector's. Arguments: the folder of the data, the port. The password comes in the
// environment, where `ps` does not show it.

import { existsSync } from 'node:fs'
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'
import { openPostgresGate } from './postgres-gate.ts'

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
// PGlite's server insists on listening; nobody connects to it there. No other account may enter the
// folder, and its path is short, since the system bounds the path of a socket.
const socketFolder = await mkdtemp(join(tmpdir(), 'weir-pg-'))
const server = new PGLiteSocketServer({ db, path: join(socketFolder, 'postgres') })
await server.start()
const gate = await openPostgresGate({
  port: Number(port),
  password,
  // A private method: a connection through the socket would copy each byte twice. TypeScript checks
  // that the method exists.
  // biome-ignore lint/complexity/useLiteralKeys: a private member is named so alone
  serve: (client) => void server['handleConnection'](client),
})
console.log(`Postgres listens on 127.0.0.1:${port}.`)

for (const name of ['SIGTERM', 'SIGINT'] as const) {
  process.once(name, async () => {
    gate.close()
    await server.stop()
    await rm(socketFolder, { recursive: true, force: true })
    await db.close()
    process.exit(0)
  })
}
