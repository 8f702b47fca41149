import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, producer } from '@weir/client'
import { connectNats, createLogger, eventStream, jetstreamManager, type NatsConnection, shardName } from '@weir/mesh'
import { until } from '../../cli/test/processes.ts'
import { RunningMesh } from '../../test/running-mesh.ts'

const subjects = 10
/** What a producer waits at most while a stream has no leader: docs/guarantees.md says it. */
const refusedMsMax = 30_000

const wide = [0, 1, 2].map((index) => eventStream(shardName('wide', index)))

let mesh: RunningMesh
let nc: NatsConnection
let manager: Awaited<ReturnType<typeof jetstreamManager>>

before(async () => {
  mesh = await RunningMesh.start(undefined, {}, ['--cluster'])
  nc = await connectNats({ url: mesh.running.addresses.nats, name: 'admin', log: createLogger('test', 'silent') })
  manager = await jetstreamManager(nc, { timeout: 10_000 })
})

after(async () => {
  await nc?.close()
  await mesh?.dispose()
})

test('every stream has three copies', async () => {
  for await (const { config, cluster } of manager.streams.list()) {
    assert.equal(config.num_replicas, 3, config.name)
    assert.equal(cluster?.replicas?.length, 2, config.name)
  }
})

test('making a tenant of three shards, or spreading later, lets each server lead as many', async () => {
  const leaders = async (): Promise<readonly string[]> =>
    Promise.all(wide.map(async (name) => (await manager.streams.info(name)).cluster?.leader ?? ''))
  // Again where a slow machine has elected anew meanwhile.
  await until(
    'each leads one that was made',
    async () => {
      const { code, err } = await mesh.weir('tenant', 'create', 'wide', '--shards', '3', '--replicas', '3')
      assert.equal(code, 0, err)
      return new Set(await leaders()).size === 3
    },
    60_000,
  )
  for (const name of wide) {
    const body = JSON.stringify({ placement: { preferred: 'nats-2' } })
    await until(
      `nats-2 leads ${name}`,
      async () => {
        if ((await manager.streams.info(name)).cluster?.leader === 'nats-2') return true
        await nc.request(`$JS.API.STREAM.LEADER.STEPDOWN.${name}`, body)
        await sleep(200)
        return false
      },
      60_000,
    )
  }
  await until(
    'each leads as many as another, or one more',
    async () => {
      const { code, out, err } = await mesh.weir('tenant', 'spread')
      assert.equal(code, 0, err)
      const leading = [...out.matchAll(/^EV_\w+ led by (\S+)/gm)].map(([, server]) => server)
      const counts = ['nats', 'nats-2', 'nats-3'].map((name) => leading.filter((server) => server === name).length)
      return counts.toSorted().join() === '1,1,2'
    },
    60_000,
  )
})

test('the leader is killed under load, then each server: nothing acknowledged is lost, nothing is doubled', {
  timeout: 290_000,
}, async (context) => {
  const { addresses, token } = mesh.running
  const weir = connect({ url: addresses.hub, getToken: () => token })
  const received = new Map<string, number[]>()
  let heard = 0
  let isLive = false
  const listening = (async () => {
    for await (const item of weir.subscribe({ filter: 'cluster.>', mode: 'ALL' })) {
      if (item.type === 'state' && item.state === 'live') isLive = true
      if (item.type !== 'entry') continue
      heard++
      const value = item.event.data.case === 'json' ? Number(item.event.data.value) : Number.NaN
      received.set(item.subject, [...(received.get(item.subject) ?? []), value])
    }
  })()
  await until('the subscription is live', () => isLive)
  const rejected: unknown[] = []
  const sender = producer({ url: addresses.ingest, getToken: () => token, onRejected: (each) => rejected.push(each) })
  const sent = new Map<string, number[]>()
  let count = 0
  let ended = false
  let longestMs = 0
  // One event at a time is the probe: when its answer comes, it is stored, and how long that took
  // is how long writes were refused.
  const probing = (async () => {
    while (!ended) {
      const began = Date.now()
      const body = JSON.stringify({ subject: 'probe.one', id: `probe-${began}`, data: began })
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
      for (;;) {
        const answer = await fetch(`${addresses.ingest}/v1/events`, { method: 'POST', headers, body }).catch(
          () => undefined,
        )
        if (answer?.status === 200) break
        await sleep(100)
      }
      longestMs = Math.max(longestMs, Date.now() - began)
      await sleep(50)
    }
  })()
  const loading = (async () => {
    while (!ended) {
      for (let i = 0; i < 10; i++) {
        const subject = `cluster.s${count % subjects}`
        await sender.send(subject, { data: { case: 'json', value: String(count) } })
        sent.set(subject, [...(sent.get(subject) ?? []), count++])
      }
      await sleep(20)
    }
  })()

  await until('the load runs', () => count > 500 && heard > 0)
  const leader = (await manager.streams.info(eventStream('main'))).cluster?.leader ?? ''
  const order = [leader, ...['nats', 'nats-2', 'nats-3'].filter((name) => name !== leader)]
  for (const name of order) {
    const before = count
    longestMs = 0
    const pid = mesh.running.pids[name] ?? 0
    process.kill(pid, 'SIGKILL')
    await until(`${name} is back`, () => mesh.said().includes(`${name} is back`), 40_000)
    await until('all copies are in step', () => inStep(manager), 60_000)
    await until('the load goes on', () => count > before + 200, 40_000)
    context.diagnostic(
      `${name}${name === leader ? ', the leader,' : ''} was killed: writes waited ${longestMs} ms at most`,
    )
    assert.ok(longestMs < refusedMsMax, `${longestMs} ms`)
  }
  ended = true
  await Promise.all([loading, probing])
  await sender.close(30_000)
  assert.deepEqual(rejected, [])

  const total = count
  const info = await manager.streams.info(eventStream('main'), { subjects_filter: 'ev.main.cluster.>' })
  const counts = [...sent].map(([subject, values]) => [`ev.main.${subject}`, values.length])
  assert.deepEqual(info.state.subjects, Object.fromEntries(counts), 'the stream has each event once')
  await until('the subscriber has as many', () => heard >= total, 40_000)
  assert.deepEqual(received, sent, 'in the order of its subject')
  weir.close()
  await listening
})

async function inStep(of: typeof manager): Promise<boolean> {
  const info = await of.streams.info(eventStream('main')).catch(() => undefined)
  const replicas = info?.cluster?.replicas ?? []
  return info?.cluster?.leader !== undefined && replicas.length === 2 && replicas.every(({ current }) => current)
}
