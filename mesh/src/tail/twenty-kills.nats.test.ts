import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectNats } from '../connection/connection.ts'
import { onReconnect } from '../connection/reconnects.ts'
import { Publisher } from '../publish/publisher.ts'
import { createLogger } from '../run/log.ts'
import { provisionTenant } from '../streams/provision.ts'
import { defaultTenantSpec } from '../streams/streams.ts'
import { startNats } from '../testing/test-server.ts'
import { Tail } from './tail.ts'

const log = createLogger('test', 'silent')

test('NATS is killed twenty times: each time what is stored is handed on within half a second of the reconnect', async (t) => {
  const server = await startNats()
  const nc = await connectNats({ url: server.url, name: 'hub', log })
  const producer = await connectNats({ url: server.url, name: 'ingest', log })
  t.after(async () => {
    await Promise.all([nc.close(), producer.close()])
    await server.stop()
  })
  await provisionTenant(nc, 'main', defaultTenantSpec)
  const publisher = new Publisher(producer)
  const arrived = new Map<string, number>()
  const entry = (subject: string): void => void arrived.set(subject, performance.now())
  const sink = { begin() {}, loaded() {}, gap: () => assert.fail('a gap'), entry }
  const tail = new Tail({ nc, tenant: 'main', source: 'events', sink, log })
  await tail.open()
  t.after(() => tail.close())
  let restoredAt = 0
  onReconnect(nc, () => {
    restoredAt = performance.now()
  })

  const waits: number[] = []
  for (let kill = 1; kill <= 20; kill++) {
    // Stored, but perhaps not republished.
    const before = publisher.publish('main', `before.${kill}`, `before ${kill}`, new Uint8Array(8))
    if (kill % 2 === 0) await before
    await server.kill()
    restoredAt = 0
    // Short outages and long ones.
    await sleep(kill % 4 === 0 ? 2_500 : 50)
    await server.restart()
    while (restoredAt === 0) await sleep(1)
    await Promise.all([before, publisher.publish('main', `after.${kill}`, `after ${kill}`, new Uint8Array(8))])
    const stored = performance.now()
    while (!arrived.has(`before.${kill}`) || !arrived.has(`after.${kill}`)) {
      await sleep(1)
      if (performance.now() - stored > 10_000) break
    }
    waits.push(Math.round(performance.now() - Math.max(restoredAt, stored)))
  }
  assert.ok(
    waits.every((ms) => ms < 500),
    `milliseconds from what came later of reconnect and store: ${waits.join(', ')}`,
  )
})
