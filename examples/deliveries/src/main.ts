import { openDatabase } from '../../backend/src/database.ts'
import { relayOf } from '../../backend/src/relay-of.ts'
import { serve } from '../../backend/src/serve.ts'
import { surroundingsOf } from '../../backend/src/surroundings.ts'
import { Tokens } from '../../backend/src/tokens.ts'
import { Outbox } from '../../outbox/src/outbox.ts'
import { buildPage } from '../../page/build.ts'
import { deliveriesApp } from './app.ts'
import { EntityStore } from './entity-store.ts'
import { limits } from './limits.ts'
import { seedEntities } from './seed.ts'

const surroundings = surroundingsOf(process.env)
const page = buildPage('deliveries')
const sql = await openDatabase(surroundings.databaseUrl, 'deliveries')
const outbox = new Outbox(sql, 'deliveries')
const store = new EntityStore(sql, outbox)
await outbox.migrate()
await store.migrate()
await seedEntities(store)
await page
const tokens = new Tokens(surroundings.jwtSecret)
const relay = relayOf(outbox, 'deliveries', surroundings, tokens)
relay.start()
const housekeeping = setInterval(() => void store.removeClosed().catch(console.error), limits.removeEveryMs)
serve({
  fetch: deliveriesApp(store, surroundings, tokens).fetch,
  port: surroundings.port,
  async close() {
    clearInterval(housekeeping)
    await relay.stop()
    await sql.end()
  },
})
