import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream'
import { Kvm } from '@nats-io/kv'
import { PermissionViolationError, wsconnect } from '@nats-io/nats-core'
import { connectNats, type NatsConnection } from '../connection/connection.ts'
import { Publisher } from '../publish/publisher.ts'
import { createLogger } from '../run/log.ts'
import { startNats, type TestNats } from '../testing/test-server.ts'
import { renderNatsConfig } from './nats-config.ts'
import { type NatsRole, natsRoles } from './permissions.ts'
import { provisionMesh, provisionTenant } from './provision.ts'
import { defaultTenantSpec } from './streams.ts'

const passwords = { admin: 'a"\\a', ingest: 'i', hub: 'h', projector: 'p@/:' }
const body = new TextEncoder().encode('{}')
let server: TestNats
const connections = new Map<NatsRole, NatsConnection>()

before(async () => {
  server = await startNats({
    config: (place) => renderNatsConfig({ ...place, passwords, websocketPort: -1 }),
  })
  for (const role of natsRoles) connections.set(role, await connectAs(role))
  await provisionTenant(as('admin'), 'main', defaultTenantSpec)
  await provisionMesh(as('admin'), 1)
})

after(async () => {
  for (const nc of connections.values()) await nc.close()
  await server.stop()
})

test('nobody comes in without a password', async () => {
  const log = createLogger('test', 'silent')
  for (const url of [server.url, server.url.replace('//', '//hub:wrong@')]) {
    await assert.rejects(connectNats({ url, name: 'hub', log }), { code: 'unavailable' })
  }
})

test('nobody may publish to live.>, read all inboxes, or read what the server says of itself', async () => {
  for (const role of natsRoles) {
    assert.equal(await mayPublish(role, 'live.main.events.a'), false, role)
    assert.equal(await mayPublish(role, '$SYS.REQ.SERVER.PING'), false, role)
    for (const subject of ['>', '_INBOX.>', '$SYS.>', '$JS.API.>']) {
      assert.equal(await maySubscribe(role, subject), false, `${role} ${subject}`)
    }
    for (const other of natsRoles) assert.equal(await maySubscribe(role, `_INBOX_${other}.>`), role === other)
  }
})

const may: Readonly<Record<NatsRole, readonly string[]>> = {
  admin: ['$JS.API.STREAM.CREATE.X', '$JS.API.STREAM.PURGE.EV_main', 'ev.main.a', '$KV.main_latest.a', 'weir.hub.kick'],
  ingest: ['ev.main.a', '$JS.API.STREAM.INFO.EV_main', '$KV.mesh.ingest.i-1'],
  hub: [
    'ev.main.a',
    '$JS.API.DIRECT.GET.EV_main',
    '$JS.API.CONSUMER.CREATE.EV_main.x.ev.main.>',
    '$KV.mesh.hub.hub-1',
    '$KV.tickets.a',
    'weir.hub.kick',
  ],
  projector: ['$KV.mesh.projector.p-1', '$KV.main_latest.a', 'ev.main.alerts.a', 'dlq.main.a', '$JS.ACK.EV_main.x'],
}

const mayNot: Readonly<Record<NatsRole, readonly string[]>> = {
  admin: ['elsewhere'],
  ingest: [
    '$KV.main_latest.a',
    '$KV.mesh.hub.i-1',
    '$KV.mesh.projector.i-1',
    '$KV.tickets.a',
    '$JS.API.STREAM.CREATE.X',
    '$JS.API.STREAM.MSG.GET.EV_main',
    '$JS.API.DIRECT.GET.EV_main',
    '$JS.API.CONSUMER.CREATE.EV_main.x',
    'dlq.main.a',
    'weir.hub.kick',
    '_INBOX_hub.x',
  ],
  hub: [
    '$KV.main_latest.a',
    '$KV.mesh.ingest.h-1',
    'dlq.main.a',
    '$JS.API.STREAM.CREATE.X',
    '$JS.API.STREAM.UPDATE.EV_main',
    '$JS.API.STREAM.DELETE.EV_main',
    '$JS.API.STREAM.PURGE.EV_main',
    '$JS.API.STREAM.MSG.DELETE.EV_main',
  ],
  projector: [
    'ev.main.a',
    'ev.main.alerts',
    '$KV.mesh.hub.p-1',
    '$KV.mesh.ingest.p-1',
    '$KV.tickets.a',
    'weir.hub.kick',
    '$JS.API.STREAM.CREATE.X',
    '$JS.API.STREAM.DELETE.KV_main_latest',
    '$JS.API.STREAM.PURGE.KV_main_latest',
  ],
}

for (const role of natsRoles) {
  test(`${role} may publish what it needs and nothing else`, async () => {
    for (const subject of may[role]) assert.equal(await mayPublish(role, subject), true, subject)
    for (const subject of mayNot[role]) assert.equal(await mayPublish(role, subject), false, subject)
  })
}

test('only hub and admin may read what is live', async () => {
  for (const role of natsRoles) {
    assert.equal(await maySubscribe(role, 'live.main.events.>'), role === 'hub' || role === 'admin', role)
    assert.equal(await maySubscribe(role, 'weir.hub.>'), role === 'hub' || role === 'admin', role)
    assert.equal(await maySubscribe(role, 'ev.>'), false, role)
  }
})

test('ingest can do its work', async () => {
  const publisher = new Publisher(as('ingest'))
  assert.equal((await publisher.publish('main', 'work.a', 'work-1', body)).duplicate, false)
  await publisher.drain()
  const manager = await jetstreamManager(as('ingest'))
  assert.equal((await manager.streams.info('EV_main')).config.name, 'EV_main')
})

test('what ingest may not publish fails at once, with a cause that says why', async () => {
  const publisher = new Publisher(as('ingest'))
  await assert.rejects(publisher.publishTo('dlq.main.a', 'x', body), { code: 'internal', message: /permission/ })
  await publisher.drain()
})

test('a hub can do its work', async () => {
  const nc = as('hub')
  const live = nc.subscribe('live.main.events.>', { max: 1 })
  await nc.flush()
  const publisher = new Publisher(as('ingest'))
  const { seq } = await publisher.publish('main', 'hub.a', 'hub-1', body)
  for await (const message of live) assert.equal(message.headers?.last('Nats-Sequence'), String(seq))

  const manager = await jetstreamManager(nc)
  assert.equal((await manager.direct.getMessage('EV_main', { seq }))?.seq, seq)
  const ordered = await jetstream(nc).consumers.get('EV_main', {
    deliver_policy: DeliverPolicy.LastPerSubject,
    filter_subjects: 'ev.main.hub.>',
  })
  assert.equal((await ordered.next())?.seq, seq)
  assert.equal(await ordered.delete(), true)

  const mesh = await new Kvm(nc).open('mesh')
  await mesh.put('hub.hub-1', 'load')
  assert.equal((await mesh.get('hub.hub-1'))?.string(), 'load')
  const watch = await mesh.watch({ key: 'hub.*' })
  for await (const entry of watch) {
    assert.equal(entry.key, 'hub.hub-1')
    break
  }
  await publisher.drain()
})

test('a projector can do its work', async () => {
  const nc = as('projector')
  const publisher = new Publisher(nc)
  await publisher.publish('main', 'alerts.hot', 'alert-1', body)
  await publisher.publishTo('dlq.main.a', 'dead-1', body)
  const latest = await new Kvm(nc).open('main_latest')
  const revision = await latest.put('work.a', body)
  await latest.update('work.a', body, revision)
  const manager = await jetstreamManager(nc)
  await manager.consumers.add('EV_main', { durable_name: 'latest', ack_policy: 'explicit' })
  const consumer = await jetstream(nc).consumers.get('EV_main', 'latest')
  const message = await consumer.next()
  assert.equal(await message?.ackAck(), true)
  await publisher.drain()
})

test('only admin may provision, and the others are told so at once', async () => {
  const other = { ...defaultTenantSpec, eventsMaxBytes: defaultTenantSpec.eventsMaxBytes * 2 }
  await assert.rejects(provisionTenant(as('ingest'), 'main', other), { code: 'forbidden' })
  await assert.rejects(provisionTenant(as('hub'), 'new', defaultTenantSpec), { code: 'forbidden' })
})

test('an edge runtime comes in over WebSocket, with the same permissions', async () => {
  const nc = await wsconnect({
    servers: `ws://127.0.0.1:${server.websocketPort}`,
    user: 'ingest',
    pass: passwords.ingest,
    inboxPrefix: '_INBOX_ingest',
  })
  const ack = await jetstream(nc).publish('ev.main.edge', body, { msgID: 'edge-1' })
  assert.equal(ack.stream, 'EV_main')
  await nc.close()
})

test('what the configuration language cannot hold is refused', () => {
  const place = { host: '127.0.0.1', port: 4222, storeDir: '/data' }
  assert.throws(() => renderNatsConfig({ ...place, passwords: { ...passwords, hub: 'pässword' } }), RangeError)
})

function as(role: NatsRole): NatsConnection {
  const nc = connections.get(role)
  assert.ok(nc)
  return nc
}

function connectAs(role: NatsRole): Promise<NatsConnection> {
  const url = server.url.replace('//', `//${role}:${encodeURIComponent(passwords[role])}@`)
  return connectNats({ url, name: role, log: createLogger('test', 'silent') })
}

/**
 * Whether the server takes a publish, judged by its error. Nothing is stored: the body is no valid
 * request either way.
 */
async function mayPublish(role: NatsRole, subject: string): Promise<boolean> {
  return !(await violates(role, (nc) => nc.publish(subject, 'x')))
}

async function maySubscribe(role: NatsRole, subject: string): Promise<boolean> {
  let unsubscribe = (): void => {}
  const violated = await violates(role, (nc) => {
    const subscription = nc.subscribe(subject, { callback() {} })
    unsubscribe = () => subscription.unsubscribe()
  })
  if (!violated) unsubscribe()
  return !violated
}

async function violates(role: NatsRole, act: (nc: NatsConnection) => void): Promise<boolean> {
  const nc = as(role)
  const status = nc.status()[Symbol.asyncIterator]()
  let violated = false
  const watching = status.next().then(({ value }) => {
    violated = value?.type === 'error' && value.error instanceof PermissionViolationError
  })
  act(nc)
  await nc.flush()
  await setImmediate()
  await Promise.race([watching, setImmediate()])
  void status.return?.()
  return violated
}
