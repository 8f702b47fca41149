import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { mintToken } from '../auth/token.ts'
import { Verifier } from '../auth/verifier.ts'
import { connectNats, type NatsConnection } from '../connection/connection.ts'
import { createLogger } from '../run/log.ts'
import { renderNatsConfig } from '../streams/nats-config.ts'
import type { NatsRole } from '../streams/permissions.ts'
import { startNats } from '../testing/test-server.ts'
import { DenialFeed } from './denial-feed.ts'

const secret = '0123456789abcdef0123456789abcdef'

test('whom a hub denies is refused by every service, also by one that starts later or was away', async (t) => {
  const password = 'p'
  const server = await startNats({
    config: ({ host, port, storeDir }) =>
      renderNatsConfig({
        host,
        port,
        storeDir,
        passwords: { admin: password, ingest: password, hub: password, projector: password },
      }),
  })
  t.after(() => server.stop())
  const service = async (role: NatsRole): Promise<{ nc: NatsConnection; verifier: Verifier }> => {
    const url = `nats://${role}:${password}@127.0.0.1:${server.port}`
    const nc = await connectNats({ url, name: role, log: createLogger('test', 'silent') })
    t.after(() => nc.close())
    const verifier = new Verifier({ jwtSecret: secret, jwtIssuer: 'weir', jwtAudience: 'weir' })
    const feed = new DenialFeed({ nc, denials: verifier.denials, tells: role === 'hub' })
    await feed.start()
    t.after(() => feed.close())
    return { nc, verifier }
  }
  const token = await mintToken(secret, { tenant: 'main', subject: 'a', publish: ['>'], subscribe: [], ttlSeconds: 60 })
  const refuses = async ({ verifier }: { verifier: Verifier }): Promise<void> => {
    for (let left = 100; ; left--) {
      const outcome = await verifier.verify(token).then(
        () => 'taken',
        (thrown: { code?: string }) => thrown.code,
      )
      if (outcome === 'revoked') return
      assert.ok(left > 0, String(outcome))
      await sleep(20)
    }
  }

  const hub = await service('hub')
  const ingest = await service('ingest')
  const { expiresAt } = await ingest.verifier.verify(token)
  const teller = new DenialFeed({ nc: hub.nc, denials: hub.verifier.denials, tells: true })
  teller.tell([{ tenant: 'main', subject: 'a', expiresAt }])
  await refuses(hub)
  await refuses(ingest)
  await refuses(await service('projector'))
  // What people publish there with a tool says nothing.
  for (const words of ['', '{}', '[{}]', '[null]', '{']) hub.nc.publish('weir.hub.deny', words)
  await hub.nc.flush()
  const other = await mintToken(secret, { tenant: 'main', subject: 'b', publish: [], subscribe: [], ttlSeconds: 60 })
  assert.equal((await ingest.verifier.verify(other)).subject, 'b')
})
