import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import {
  connectNats,
  createLogger,
  defaultTenantSpec,
  durabilityFault,
  jetstreamManager,
  type NatsConnection,
  type NatsTls,
  natsRoles,
  Publisher,
  provisionMesh,
  provisionTenant,
} from '@weir/mesh'
import { freePorts } from '../../cli/src/up/ports.ts'
import { until } from '../../cli/test/processes.ts'
import { TestHub, testToken } from '../../hub/test/harness.ts'
import { TcpProxy } from '../../hub/test/tcp-proxy.ts'
import { ProxyCrowd } from '../../test/proxies/proxy-crowd.ts'
import { Authority, type Certificate, filesOf } from './certificates.ts'
import { DeployedNats, joined, startThree } from './deployed-nats.ts'

const folder = mkdtempSync(join(tmpdir(), 'weir-tls-'))
const hasOpenssl = spawnSync('openssl', ['version']).status === 0
const reason = hasOpenssl ? false : 'Needs openssl, for certificates.'
const log = createLogger('test', 'silent')
const body = new TextEncoder().encode('{}')
const open: { close(): unknown }[] = []

after(async () => {
  for (const each of open.toReversed()) await each.close()
  rmSync(folder, { recursive: true })
})

describe('one server', { skip: reason }, () => {
  let nats: DeployedNats
  let own: Certificate
  let foreign: Certificate

  before(async () => {
    const authority = new Authority(join(folder, 'one'))
    const server = authority.issue('server')
    own = authority.issue('ingest')
    foreign = new Authority(join(folder, 'foreign')).issue('ingest')
    const [client = 0, monitor = 0] = await freePorts(2)
    nats = await started({ file: 'one-tls.conf', ports: { client, monitor }, tlsFolder: dirname(server.ca) })
  })

  test('syncs before it acknowledges: profile single', async () => {
    const { config } = await nats.monitor<{ config: { sync_always?: boolean } }>('jsz?config=1')
    assert.equal(config.sync_always, true)
  })

  test('takes a service that shows a certificate of its authority', async () => {
    for (const role of natsRoles) await (await joined(nats, role, filesOf(own))).close()
  })

  test('refuses one without a certificate, with a foreign one, with a wrong password, and says which', async () => {
    const foreignClient = { caFile: own.ca, certFile: foreign.cert, keyFile: foreign.key }
    for (const tls of [{ caFile: own.ca }, foreignClient]) {
      const refusal = { code: 'unavailable', message: /refuses the certificate of this service/ }
      await assert.rejects(joined(nats, 'ingest', tls), refusal)
    }
    await assert.rejects(joined(nats, 'ingest', filesOf(foreign)), { message: /do not agree on TLS/ })
    const url = nats.url('ingest').replace('p-ingest', 'p-hub')
    await assert.rejects(connectNats({ url, tls: filesOf(own), name: 'x', log }), { message: /refuses the user/ })
    await assert.rejects(connectNats({ url: nats.url('leaf'), tls: filesOf(own), name: 'x', log }), {
      message: /refuses the user/,
    })
  })

  test('the command provisions over mTLS', () => {
    const command = fileURLToPath(new URL('../../weir', import.meta.url))
    const env = {
      ...process.env,
      WEIR_NATS_URL: nats.url('admin'),
      WEIR_NATS_CA: own.ca,
      WEIR_NATS_CERT: own.cert,
      WEIR_NATS_KEY: own.key,
    }
    const run = (changed: Record<string, string>) =>
      spawnSync(command, ['tenant', 'create', 'main'], { env: { ...env, ...changed }, encoding: 'utf8' })
    assert.match(run({}).stdout, /EV_main created/)
    assert.match(run({ WEIR_NATS_KEY: '' }).stderr, /WEIR_NATS_CERT and WEIR_NATS_KEY go together/)
    assert.match(run({ WEIR_NATS_CA: '/nowhere' }).stderr, /WEIR_NATS_CA names \/nowhere, which cannot be read/)
  })

  test('no service may do what is not its work', async () => {
    const forbidden: Readonly<Record<(typeof natsRoles)[number], readonly string[]>> = {
      admin: ['live.main.events.a', '$SYS.REQ.SERVER.PING', 'elsewhere'],
      ingest: ['live.main.events.a', '$KV.main_latest.a', '$JS.API.STREAM.CREATE.X', '$JS.API.STREAM.MSG.GET.EV_main'],
      hub: ['live.main.events.a', 'dlq.main.a', '$KV.main_latest.a', '$JS.API.STREAM.PURGE.EV_main'],
      projector: ['live.main.events.a', 'ev.main.a', '$KV.tickets.a', '$JS.API.STREAM.DELETE.EV_main'],
    }
    for (const role of natsRoles) {
      const nc = await joined(nats, role, filesOf(own))
      const refused: string[] = []
      void (async () => {
        for await (const status of nc.status()) if (status.type === 'error') refused.push(String(status.error))
      })()
      try {
        for (const subject of forbidden[role]) nc.publish(subject, body)
        for (const inbox of natsRoles)
          if (inbox !== role) nc.subscribe(`_INBOX_${inbox}.>`, { callback: () => undefined })
        await nc.flush()
        const wanted = forbidden[role].length + natsRoles.length - 1
        await until(
          'each is refused',
          () => refused.length >= wanted,
          undefined,
          () => refused,
        )
        for (const subject of forbidden[role]) {
          assert.ok(
            refused.some((each) => each.includes(`"${subject}"`)),
            `${role} may publish to ${subject}`,
          )
        }
        assert.equal(refused.length, wanted, refused.join('\n'))
      } finally {
        await nc.close()
      }
    }
  })
})

describe('three servers and a site at a leaf', { skip: reason, timeout: 290_000 }, () => {
  let servers: readonly DeployedNats[]
  let site: DeployedNats
  let proxy: TcpProxy
  let tls: NatsTls
  let centre: NatsConnection

  before(async () => {
    const authority = new Authority(join(folder, 'three'))
    const certificate = authority.issue('server')
    tls = filesOf(authority.issue('client'))
    const tlsFolder = dirname(certificate.ca)
    servers = await startThree(tlsFolder)
    open.push(...servers.map((server) => ({ close: () => server.dispose() })))
    centre = await joined(servers, 'admin', tls)
    open.push(centre)
    proxy = await TcpProxy.start(servers[0]?.ports.leaf ?? 0)
    open.push(proxy)
    const [client = 0, monitor = 0] = await freePorts(2)
    site = await started({
      file: 'leaf.conf',
      ports: { client, monitor },
      tlsFolder,
      env: { WEIR_NATS_SITE: 'site-1', WEIR_NATS_CENTRE: `tls://leaf:p-leaf@127.0.0.1:${proxy.port}` },
    })
  })

  test('three replicas are made, and a single server says that it cannot have them', async () => {
    const spec = { ...defaultTenantSpec, replicas: 3 }
    await until('a leader says that there is no bucket yet', async () =>
      /there is no KV_mesh yet/.test((await durabilityFault(centre, 'cluster')) ?? ''),
    )
    await provisionMesh(centre, 1)
    assert.match((await durabilityFault(centre, 'cluster')) ?? '', /KV_mesh has 1 copy instead of 3/)
    await provisionMesh(centre, 3)
    assert.equal(await durabilityFault(centre, 'cluster'), undefined)
    await provisionTenant(centre, 'main', spec)
    const manager = await jetstreamManager(centre)
    const info = await manager.streams.info('EV_main')
    assert.equal(info.cluster?.replicas?.length, 2)
    const five = { ...spec, replicas: 5 }
    await assert.rejects(provisionTenant(centre, 'five', five, { deadlineMs: 1_000 }), {
      code: 'unavailable',
      message: /no servers with room for 5 copies of EV_five/,
    })
    const alone = await joined(site, 'admin', tls)
    await assert.rejects(provisionTenant(alone, 'main', spec), {
      code: 'conflict',
      message: /replicas > 1 not supported/,
    })
    await alone.close()
  })

  test('one of three may be lost: what is published is stored, within the deadline of ingest', async () => {
    const ingest = await joined(servers, 'ingest', tls)
    const publisher = new Publisher(ingest)
    await publisher.publish('main', 'a.b', 'before', body)
    await servers[2]?.kill()
    for (let i = 0; ; i++) {
      const stored = await publisher.publish('main', 'a.b', 'during', body).catch((fault: unknown) => fault)
      if (!(stored instanceof Error)) break
      assert.ok(i < 3, String(stored))
    }
    await servers[2]?.start()
    await publisher.drain()
    await ingest.close()
  })

  test('a site works on while its link is down, and the centre has all of it once when the link is back', async () => {
    const admin = await joined(site, 'admin', tls)
    await provisionMesh(admin, 1)
    await provisionTenant(admin, 'main', defaultTenantSpec)
    const spec = { ...defaultTenantSpec, replicas: 3, sites: ['site-1'] }
    await provisionTenant(centre, 'main', spec)
    const again = await provisionTenant(centre, 'main', spec)
    assert.deepEqual(
      again.filter(({ action }) => action !== 'unchanged'),
      [],
    )

    const manager = await jetstreamManager(centre)
    const before = (await manager.streams.info('EV_main')).state.messages
    const ingest = await joined(site, 'ingest', tls)
    const publisher = new Publisher(ingest)
    const publish = async (from: number, to: number): Promise<void> => {
      for (let i = from; i < to; i++) await publisher.publish('main', `site.n${i % 3}`, `site-${i}`, body)
    }
    const arrived = async (count: number): Promise<void> => {
      const enough = async (): Promise<boolean> =>
        (await manager.streams.info('EV_main')).state.messages - before >= count
      await until(`the centre has ${count} events of the site`, enough, 30_000)
    }
    await publish(0, 50)
    await arrived(50)
    proxy.cut()
    await publish(50, 150)
    await sleep(500)
    assert.equal((await manager.streams.info('EV_main')).state.messages - before, 50, 'the link is down')
    proxy.mend()
    await arrived(150)
    await sleep(500)
    assert.equal((await manager.streams.info('EV_main')).state.messages - before, 150, 'each of them once')
    await publisher.drain()
    await ingest.close()
    await admin.close()
  })

  test('hubs at a relay hear each event once over its link, and miss nothing while that is down', async () => {
    const link = await TcpProxy.start(servers[1]?.ports.leaf ?? 0)
    open.push(link)
    const [client = 0, monitor = 0] = await freePorts(2)
    const relay = await started({
      file: 'relay.conf',
      ports: { client, monitor },
      tlsFolder: dirname(tls.caFile ?? ''),
      env: { WEIR_NATS_RELAY: 'relay-1', WEIR_NATS_CENTRE: `tls://leaf:p-leaf@127.0.0.1:${link.port}` },
    })
    const files = {
      WEIR_NATS_CA: tls.caFile ?? '',
      WEIR_NATS_CERT: tls.certFile ?? '',
      WEIR_NATS_KEY: tls.keyFile ?? '',
    }
    const hubs = await Promise.all([1, 2].map(() => TestHub.start(relay.url('hub'), files)))
    open.push(...hubs.map((hub) => ({ close: () => hub.stop() })))
    const token = await testToken()
    const received: (readonly string[])[] = []
    for (const { httpUrl } of hubs) {
      await until('the hub reads the stream', () =>
        ProxyCrowd.open(httpUrl, token, 'relay.>', 1).then(
          (crowd) => received.push(...crowd.received) > 0,
          () => false,
        ),
      )
    }
    const ingest = await joined(servers, 'ingest', tls)
    const publisher = new Publisher(ingest)
    const expected: string[] = []
    const publish = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        const subject = `relay.n${expected.length}`
        await publisher.publish('main', subject, subject, new Uint8Array(0))
        expected.push(subject)
      }
    }
    const arrived = (): Promise<void> =>
      until('both have all', () => received.every(({ length }) => length >= expected.length), 30_000)
    const crossed = async (): Promise<number> => {
      const { leafs } = await relay.monitor<{ leafs: readonly { in_msgs: number }[] }>('leafz')
      return leafs[0]?.in_msgs ?? Number.NaN
    }

    const before = await crossed()
    await publish(400)
    await arrived()
    const messages = (await crossed()) - before
    assert.ok(messages >= 400 && messages < 600, `${messages} messages for 400 events and two hubs`)

    link.cut()
    await publish(100)
    await sleep(500)
    for (const { length } of received) assert.equal(length, 400, 'the link is down')
    link.mend()
    await arrived()
    for (const each of received) assert.deepEqual(each, expected)
    await publisher.drain()
    await ingest.close()
  })
})

async function started(options: ConstructorParameters<typeof DeployedNats>[0]): Promise<DeployedNats> {
  const nats = new DeployedNats(options)
  open.push({ close: () => nats.dispose() })
  await nats.start()
  return nats
}
