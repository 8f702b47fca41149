import { connect } from '@weir/client'
import { openDatabase } from '../../backend/src/database.ts'
import { relayOf } from '../../backend/src/relay-of.ts'
import { serve } from '../../backend/src/serve.ts'
import { surroundingsOf } from '../../backend/src/surroundings.ts'
import { Tokens } from '../../backend/src/tokens.ts'
import { Outbox } from '../../outbox/src/outbox.ts'
import { buildPage } from '../../page/build.ts'
import { kitchenApp } from './app.ts'
import { KitchenStore } from './kitchen-store.ts'
import { limits } from './limits.ts'
import { takeVouchers } from './voucher-intake.ts'

const surroundings = surroundingsOf(process.env)
const page = buildPage('kitchen')
const sql = await openDatabase(surroundings.databaseUrl, 'kitchen')
const outbox = new Outbox(sql, 'kitchen')
const store = new KitchenStore(sql, outbox)
await outbox.migrate()
await store.migrate()
await page
const tokens = new Tokens(surroundings.jwtSecret)
const relay = relayOf(outbox, 'kitchen', surroundings, tokens)
relay.start()
const housekeeping = setInterval(() => void store.removeOld().catch(console.error), limits.removeEveryMs)

const weir = connect({
  url: surroundings.hubUrl,
  readUrl: surroundings.readUrl,
  getToken: () => tokens.forPage('kitchen', { publish: [], subscribe: ['kitchen.*.whatsapp.>'] }),
})
const end = new AbortController()
void takeVouchers(weir, store, end.signal)

serve({
  fetch: kitchenApp(store, surroundings, tokens).fetch,
  port: surroundings.port,
  async close() {
    clearInterval(housekeeping)
    end.abort()
    weir.close()
    await relay.stop()
    await sql.end()
  },
})
