import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fromBinary } from '@bufbuild/protobuf'
import { Kvm } from '@nats-io/kv'
import { EventSchema, isSubject, validateEvent } from '@weir/proto'
import { connectNats, type NatsConnection } from '../connection/connection.ts'
import { createLogger } from '../run/log.ts'
import { renderNatsConfig } from '../streams/nats-config.ts'
import type { NatsRole } from '../streams/permissions.ts'
import { provisionMesh } from '../streams/provision.ts'
import { startNats } from '../testing/test-server.ts'
import { Presence, presenceName } from './presence.ts'

const passwords = { admin: 'a', ingest: 'i', hub: 'h', projector: 'p' }

test('every kind of service says with its own rights that it is there, how loaded it is, and that it goes', async () => {
  const server = await startNats({ config: (place) => renderNatsConfig({ ...place, passwords }) })
  const as = (role: NatsRole): Promise<NatsConnection> => {
    const url = server.url.replace('//', `//${role}:${passwords[role]}@`)
    return connectNats({ url, name: role, log: createLogger('test', 'silent') })
  }
  const nc = await as('admin')
  try {
    await provisionMesh(nc, 1)
    const bucket = await new Kvm(nc).open('mesh')
    for (const service of ['hub', 'ingest', 'projector'] as const) {
      const own = await as(service)
      const load = {
        now: { held_bytes: 7 },
        totals: { accepted: 1_000_000, body_bytes: 0 },
        units: { held_bytes: 'By', body_bytes: 'By' },
      }
      const presence = new Presence({ nc: own, service, name: 'a', version: '1.2.3', load: () => load })
      presence.start()
      await own.flush()
      const value = async (): Promise<Uint8Array | undefined> => {
        const found = await bucket.get(`${service}.a`)
        return found?.operation === 'PUT' ? found.value : undefined
      }
      while ((await value()) === undefined) await sleep(10)
      const event = fromBinary(EventSchema, (await value()) ?? new Uint8Array())
      assert.equal(validateEvent(event), undefined)
      assert.deepEqual([event.type, event.source], [`weir.${service}`, `${service}/a`])
      assert.deepEqual([event.labels[service], event.labels.version], ['a', '1.2.3'])
      assert.ok(event.data.case === 'reading')
      const { metrics, units } = event.data.value
      assert.deepEqual([metrics.held_bytes, metrics.body_bytes_per_second], [7, 0])
      assert.ok((metrics.accepted_per_second ?? 0) > 0)
      assert.deepEqual(units, { held_bytes: 'By', body_bytes_per_second: 'By/s', accepted_per_second: '1/s' })
      presence.close()
      while ((await value()) !== undefined) await sleep(10)
      await own.close()
    }
  } finally {
    await nc.close()
    await server.stop()
  }
})

test('a service without a name gets one that is a token of a subject, and its own', () => {
  assert.ok(isSubject(`hub.${presenceName()}`))
  assert.notEqual(presenceName(), presenceName())
})
