import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ConnectOptions, connect, type Entry, producer, type Weir } from '../client/src/index.ts'
import { RunningMesh } from './running-mesh.ts'

// A tenant whose events are spread over three streams, on a whole mesh: for those who produce and
// read it is like any other.

const subjects = 200
const count = 10_000
const projections = `
projections:
  - { name: latest, kind: latest }
  - { name: alerts, kind: latest, bucket: alerts, from: 'alerts.>' }
  - { name: all, kind: merge, from: 'values.>', key: '{0}' }
  - { name: hot, kind: alert, from: 'values.>', when: metrics.heat > 50 }
  - { name: history, kind: history }
`

let mesh: RunningMesh
let token = ''
const opened: Weir[] = []

before(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-e2e-'))
  const file = join(folder, 'projections.yaml')
  writeFileSync(file, projections)
  mesh = await RunningMesh.start(folder, { WEIR_PROJECTIONS: file }, ['--shards', '3'])
  token = mesh.running.token
})

after(async () => {
  for (const weir of opened) weir.close()
  await mesh?.dispose()
})

test('a tenant stays in as many streams as it was made with', async () => {
  assert.equal((await mesh.weir('tenant', 'list')).out, 'main\n')
  const { code, err } = await mesh.weir('tenant', 'create', 'main', '--shards', '4')
  assert.notEqual(code, 0)
  assert.match(err, /over 3 shards, and that cannot be changed to 4/)
})

test('ten thousand events reach each subscriber once, in order of each subject, while the hub is killed', async () => {
  let live = 0
  const isLive = (): void => {
    live++
  }
  const whole = take(open().subscribe({ filter: 'load.>', mode: 'ALL' }), count, isLive)
  const one = take(open().subscribe({ filter: 'load.s7', mode: 'ALL' }), count / subjects, isLive)
  // This one is away for a while, and goes on at the cursor of the entry that it had last.
  const parted = (async () => {
    const before = await take(open().subscribe({ filter: 'load.*', mode: 'ALL' }), 2_345, isLive)
    await sleep(300)
    const cursor = before.at(-1)?.cursor ?? ''
    return [...before, ...(await take(open().subscribe({ filter: 'load.*', mode: 'ALL', cursor }), count - 2_345))]
  })()
  await until(async () => (live === 3 ? true : undefined))
  await publish('load', 0, count / 2)
  process.kill(mesh.running.pids.hub as number, 'SIGKILL')
  await publish('load', count / 2, count)
  for (const entries of [await whole, await parted]) assertComplete(entries, count)
  assert.deepEqual(
    (await one).map(({ data }) => data),
    Array.from({ length: count / subjects }, (_, n) => n),
  )
})

test('the latest state and the history are whole, and the history goes on live without a gap', async () => {
  const weir = open()
  const state = await until(async () => {
    const items = await collect(weir.state('latest', { filter: 'load.>' }))
    return items.length === subjects && items.every(({ data }) => data === count / subjects - 1) ? items : undefined
  })
  assert.equal(new Set(state.map(({ subject }) => subject)).size, subjects)
  const past = await until(async () => {
    const items = await collect(weir.history({ filter: 'load.>' }))
    return items.length === count ? items : undefined
  })
  assert.equal(new Set(past.map(({ subject, data }) => `${subject} ${data}`)).size, count)
  const { cursor } = await weir.history({ filter: 'load.>', limit: 1 })
  const rest = take(weir.subscribe({ filter: 'load.>', mode: 'ALL', cursor }), 600)
  await publish('load', count, count + 600)
  assertComplete([...past, ...(await rest)], count + 600)
})

test('a value of many subjects, and alerts of them, are made of the events of all streams', async () => {
  const events = send()
  for (let at = 0; at < 40; at++) {
    const metrics = { [`m${at}`]: at, heat: at }
    await events.send(`values.s${at}`, { data: { case: 'reading', value: { metrics } } })
  }
  // Of a metric the newest value counts, and these are of subjects of different streams.
  for (const [subject, heat] of Object.entries({ 'values.s1': 90, 'values.s2': 95 })) {
    await sleep(5)
    await events.send(subject, { data: { case: 'reading', value: { metrics: { heat } } } })
  }
  await events.close()
  const weir = open()
  const merged = await until(async () => {
    const value = await weir.get('all', 'values')
    const metrics = value?.reading?.metrics ?? {}
    return Object.keys(metrics).length === 41 ? metrics : undefined
  })
  assert.equal(merged.heat, 95)
  const firing = await until(async () => {
    const items = await collect(weir.state('alerts', { filter: 'alerts.hot.>' }))
    return items.length === 2 ? items : undefined
  })
  assert.deepEqual(firing.map(({ subject }) => subject).sort(), ['alerts.hot.values.s1', 'alerts.hot.values.s2'])
})

test('a store of the latest holds each subject of all streams', async () => {
  const weir = open()
  const seen = new Map<string, unknown>()
  let resets = 0
  for await (const item of weir.subscribe({ filter: 'load.>', mode: 'LATEST' })) {
    if (item.type === 'reset') resets++
    else if (item.type === 'entry') seen.set(item.subject, item.data)
    if (seen.size === subjects) break
  }
  assert.equal(resets, 1)
})

function open(options: Partial<ConnectOptions> = {}): Weir {
  const { hub, projector } = mesh.running.addresses
  const weir = connect({ url: hub, readUrl: projector, getToken: () => token, ...options })
  opened.push(weir)
  return weir
}

function send(): ReturnType<typeof producer> {
  return producer({ url: mesh.running.addresses.ingest, getToken: () => token })
}

/** Each event has the number of its subject's events before it. */
async function publish(root: string, from: number, to: number): Promise<void> {
  const events = send()
  for (let at = from; at < to; ) {
    // One of each subject at a time, as what is sent at once may be stored in another order.
    const sent = Array.from({ length: Math.min(subjects, to - at) }, () => {
      const value = String(Math.floor(at / subjects))
      return events.send(`${root}.s${at++ % subjects}`, { data: { case: 'json', value } })
    })
    await Promise.all(sent)
  }
  await events.close()
}

/** So many entries, and nothing that says that some are missing. */
async function take(
  subscription: ReturnType<Weir['subscribe']>,
  wanted: number,
  isLive = (): void => {},
): Promise<Entry[]> {
  const entries: Entry[] = []
  for await (const item of subscription) {
    assert.ok(item.type === 'entry' || item.type === 'state', JSON.stringify(item))
    if (item.type === 'entry') entries.push(item)
    else if (item.type === 'state' && item.state === 'live') isLive()
    if (entries.length === wanted) break
  }
  return entries
}

async function collect<Item>(listing: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = []
  for await (const item of listing) items.push(item)
  return items
}

function assertComplete(entries: readonly { subject: string; data: unknown }[], wanted: number): void {
  const next = new Map<string, number>()
  for (const { subject, data } of entries) {
    assert.equal(data, next.get(subject) ?? 0, subject)
    next.set(subject, Number(data) + 1)
  }
  assert.equal(entries.length, wanted)
}

async function until<Value>(look: () => Promise<Value | undefined>): Promise<Value> {
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(100)) {
    const value = await look()
    if (value !== undefined) return value
  }
  throw new Error('it does not come')
}
