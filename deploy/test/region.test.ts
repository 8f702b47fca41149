import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { connect, type Entry, type Weir } from '@weir/client'
import {
  defaultTenantSpec,
  eventStream,
  eventSubject,
  jetstreamManager,
  keySubject,
  mirrorTenant,
  type NatsConnection,
  type NatsTls,
  Publisher,
  provisionMesh,
  provisionTenant,
  shardName,
  shardOf,
  streamState,
} from '@weir/mesh'
import { type Cursor, encodeEvent, eventFromJson, formatCursor, joinCursors } from '@weir/proto'
import { freePorts } from '../../cli/src/up/ports.ts'
import { until } from '../../cli/test/processes.ts'
import { TestHub, testToken } from '../../hub/test/harness.ts'
import { TcpProxy } from '../../hub/test/tcp-proxy.ts'
import { Authority, filesOf } from './certificates.ts'
import { DeployedNats, joined, startThree } from './deployed-nats.ts'

const weirCommand = fileURLToPath(new URL('../../weir', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'weir-region-'))
const hasOpenssl = spawnSync('openssl', ['version']).status === 0
const reason = hasOpenssl ? false : 'Needs openssl, for certificates.'
const open: { close(): unknown }[] = []

after(async () => {
  for (const each of open.toReversed()) await each.close()
  rmSync(folder, { recursive: true })
})

describe('a region at a leaf', { skip: reason, timeout: 290_000 }, () => {
  const shards = [0, 1].map((index) => shardName('main', index))
  const spec = {
    ...defaultTenantSpec,
    replicas: 3,
    shards: shards.length,
    buckets: [...defaultTenantSpec.buckets, { name: 'brief', ttlMs: 1_000, maxBytes: 1024 ** 2 }],
  }
  let tls: NatsTls
  let centre: readonly DeployedNats[]
  let region: DeployedNats
  let link: TcpProxy
  let atCentre: NatsConnection
  let atRegion: NatsConnection
  let token = ''
  let weir: { readonly centre: Weir; readonly region: Weir }
  /** Before the first event, by the streams of the centre. */
  let beginning = ''
  let sent = 0

  before(async () => {
    const authority = new Authority(folder)
    const tlsFolder = dirname(authority.issue('server').ca)
    tls = filesOf(authority.issue('client'))
    centre = await startThree(tlsFolder)
    open.push(...centre.map((server) => ({ close: () => server.dispose() })))
    atCentre = await joined(centre, 'admin', tls)
    open.push(atCentre)
    await provisionMesh(atCentre, 3)
    await provisionTenant(atCentre, 'main', spec)
    link = await TcpProxy.start(centre[0]?.ports.leaf ?? 0)
    open.push(link)
    const [client = 0, monitor = 0] = await freePorts(2)
    region = new DeployedNats({
      file: 'region.conf',
      ports: { client, monitor },
      tlsFolder,
      env: { WEIR_NATS_REGION: 'region-1', WEIR_NATS_CENTRE: `tls://leaf:p-leaf@127.0.0.1:${link.port}` },
    })
    open.push({ close: () => region.dispose() })
    await region.start()
    atRegion = await joined(region, 'admin', tls)
    open.push(atRegion)
    await provisionMesh(atRegion, 1)
  })

  test('mirrors what a tenant has, once, and is no place to change it', async () => {
    const mirror = { from: 'centre', replicas: 1 }
    await assert.rejects(mirrorTenant(atRegion, 'nobody', mirror), { code: 'not_found', message: /no tenant nobody/ })
    await assert.rejects(mirrorTenant(atRegion, 'main', { ...mirror, from: 'nowhere' }, { deadlineMs: 1_000 }), {
      code: 'unavailable',
      message: /domain nowhere does not answer/,
    })
    const made = await mirrorTenant(atRegion, 'main', mirror)
    assert.deepEqual(
      made.map(({ stream }) => stream).filter((stream) => stream.startsWith('EV_')),
      shards.toReversed().map(eventStream),
    )
    assert.ok(made.some(({ stream, action }) => stream === 'KV_main_latest' && action === 'created'))
    // The link goes through this process, which must not wait for another.
    const env = {
      ...process.env,
      WEIR_NATS_URL: region.url('admin'),
      WEIR_NATS_CA: tls.caFile,
      WEIR_NATS_CERT: tls.certFile,
      WEIR_NATS_KEY: tls.keyFile,
    }
    const command = (from: string): Promise<{ readonly stdout: string }> =>
      promisify(execFile)(weirCommand, ['tenant', 'mirror', 'main', '--from', from], { env })
    const { stdout } = await command('centre')
    assert.match(stdout, /^EV_main_0 unchanged$/m)
    assert.doesNotMatch(stdout, /created|updated/)
    await assert.rejects(command('a.b'), { code: 2, stderr: /--from "a\.b": the name of a domain has/ })
    await assert.rejects(provisionTenant(atRegion, 'main', defaultTenantSpec, { force: true }), {
      code: 'conflict',
      message: /Tenant main is a mirror here/,
    })
    await assert.rejects(mirrorTenant(atCentre, 'main', { from: 'region-1', replicas: 3 }), {
      code: 'conflict',
      message: /here already and is no mirror/,
    })
  })

  test('its hubs serve the events and values of the centre, and what its ingest takes is stored there', async () => {
    const files = {
      WEIR_NATS_CA: tls.caFile ?? '',
      WEIR_NATS_CERT: tls.certFile ?? '',
      WEIR_NATS_KEY: tls.keyFile ?? '',
    }
    const hubs = await Promise.all(
      [centre[0] as DeployedNats, region].map((nats) => TestHub.start(nats.url('hub'), files)),
    )
    open.push(...hubs.map((hub) => ({ close: () => hub.stop() })))
    token = await testToken()
    const [near, far] = hubs.map(({ httpUrl }) => connect({ url: httpUrl, getToken: () => token }))
    assert.ok(near && far)
    weir = { centre: near, region: far }
    open.push(near, far)
    await publish(centre, 20)
    // Over the link to the centre.
    await publish(region, 20)
    const origins = await Promise.all(shards.map((shard) => streamState(atCentre, eventStream(shard))))
    beginning = formatCursor(joinCursors(origins.map(({ epoch }) => ({ epoch, seq: 0 }))) as Cursor)
    for (const each of [near, far]) assertOrdered(await take(each, beginning, 40), 40)

    atCentre.publish(keySubject('main', 'latest', 'rooms.r1'), encoded('21'))
    for await (const item of far.subscribe({ source: 'latest', filter: 'rooms.>', mode: 'LATEST' })) {
      if (item.type !== 'entry') continue
      assert.deepEqual([item.subject, item.data], ['rooms.r1', 21])
      break
    }
    const heard: string[] = []
    atCentre.publish(keySubject('main', 'brief', 'rooms.r1'), encoded('22'))
    for await (const item of far.subscribe({ source: 'brief', filter: 'rooms.>', mode: 'LATEST' })) {
      if (item.type === 'entry' || item.type === 'removed') heard.push(item.type)
      if (heard.at(-1) === 'removed') break
    }
    assert.deepEqual(heard, ['entry', 'removed'])
  })

  test('while the link is down it serves what it has; then it has the rest, and a cursor is good at both', async () => {
    const whole = take(weir.region, beginning, 240)
    link.cut()
    await until('the link is down', async () => (await leafNodes()) === 0)
    await publish(centre, 100)
    const mirrors = await Promise.all(shards.map((shard) => streamState(atRegion, eventStream(shard))))
    assert.equal(
      mirrors.reduce((sum, { messages }) => sum + messages, 0),
      40,
    )
    const before = await take(weir.region, beginning, 40)
    const moved = await take(weir.centre, cursorOf(before), 55)
    link.mend()
    await publish(centre, 100)
    const back = await take(weir.region, cursorOf(moved), 240 - 40 - 55)
    assertOrdered([...before, ...moved, ...back], 240)
    assertOrdered(await whole, 240)
  })

  test('what the centre has dropped while the link was down is told as a gap', async () => {
    const count = sent + 60
    const subscription = weir.region.subscribe({ filter: 'region.>', mode: 'ALL', cursor: beginning })
    const all = (async () => {
      const seen = { entries: 0, dropped: 0 }
      for await (const item of subscription) {
        if (item.type === 'entry') seen.entries++
        if (item.type === 'gap') seen.dropped += item.to - item.from
        // Each stream tells its own end, in any order.
        if (seen.entries + seen.dropped === count) break
      }
      return seen
    })()
    link.cut()
    await until('the link is down', async () => (await leafNodes()) === 0)
    await publish(centre, 50)
    const manager = await jetstreamManager(atCentre)
    for (const shard of shards) await manager.streams.purge(eventStream(shard))
    await publish(centre, 10)
    link.mend()
    await until('the mirrors have the rest', async () => {
      const ends = await Promise.all(
        [atCentre, atRegion].map((nc) => Promise.all(shards.map((shard) => streamState(nc, eventStream(shard))))),
      )
      const [origin, mirror] = ends.map((states) => states.map(({ lastSeq }) => lastSeq).join())
      return origin === mirror
    })
    assert.deepEqual(await all, { entries: count - 50, dropped: 50 })
  })

  test('a tenant that was made anew at the centre is mirrored anew when that is forced', async () => {
    const manager = await jetstreamManager(atCentre)
    const [first = ''] = shards.map(eventStream)
    await manager.streams.delete(first)
    await provisionTenant(atCentre, 'main', spec)
    const mirror = { from: 'centre', replicas: 1 }
    await assert.rejects(mirrorTenant(atRegion, 'main', mirror), {
      code: 'conflict',
      message: /what centre has now: EV_main_0\./,
    })
    const made = await mirrorTenant(atRegion, 'main', mirror, { force: true })
    assert.equal(made.find(({ stream }) => stream === first)?.action, 'created')
    const origin = await streamState(atCentre, first)
    assert.equal((await streamState(atRegion, first)).epoch, origin.epoch)
  })

  async function leafNodes(): Promise<number> {
    return (await region.monitor<{ leafnodes: number }>('leafz')).leafnodes
  }

  /** Each event has its number, and lies in the stream of its subject. */
  async function publish(nats: DeployedNats | readonly DeployedNats[], count: number): Promise<void> {
    const nc = await joined(nats, 'ingest', tls)
    const publisher = new Publisher(nc)
    for (const end = sent + count; sent < end; sent++) {
      const subject = `region.s${sent % 5}`
      await publisher.publishTo(eventSubject(shardOf(shards, subject), subject), `${sent}`, encoded(String(sent)))
    }
    await publisher.drain()
    await nc.close()
  }
})

/** So many entries from the cursor; anything else but a state is a fault. */
async function take(weir: Weir, cursor: string, count: number): Promise<readonly Entry[]> {
  const entries: Entry[] = []
  for await (const item of weir.subscribe({ filter: 'region.>', mode: 'ALL', cursor })) {
    assert.ok(item.type === 'entry' || item.type === 'state', JSON.stringify(item))
    if (item.type === 'entry') entries.push(item)
    if (entries.length === count) break
  }
  return entries
}

function cursorOf(entries: readonly Entry[]): string {
  return entries.at(-1)?.cursor ?? ''
}

/** Every event once, in the order of its subject. */
function assertOrdered(entries: readonly Entry[], count: number): void {
  const last = new Map<string, number>()
  for (const { subject, data } of entries) {
    assert.equal(data, (last.get(subject) ?? Number(subject.slice('region.s'.length)) - 5) + 5, subject)
    last.set(subject, Number(data))
  }
  assert.equal(entries.length, count)
}

function encoded(json: string): Uint8Array {
  return encodeEvent(eventFromJson({ id: json, data: Number(json) }))
}
