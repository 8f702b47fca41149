import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Mode } from '@weir/proto'
import { type TestHub, TestMesh, testToken } from './harness.ts'
import { Random } from './random.ts'
import { RestlessClient } from './restless-client.ts'
import { until } from './until.ts'
import { Writer } from './writers.ts'

const clientCount = 42
/**
 * A hub asks those that are connected to leave within this: half of what it may take to drain, less
 * a grace.
 */
const drainSeconds = 6
const spreadMs = (drainSeconds * 1000) / 2 - 500

test('a rolling update costs no client an entry and repeats none, and no hub is stormed', async (t) => {
  const mesh = await TestMesh.start()
  t.after(() => mesh.stop())
  const start = (): Promise<TestHub> => mesh.startHub({ WEIR_DRAIN_SECONDS: String(drainSeconds) })
  const hubs = [await start(), await start(), await start()]
  const token = await testToken()
  let connects: number[] = []
  // As a load balancer does it: in turn, to those that are ready.
  const hub = (): TestHub => hubs[connects.push(performance.now()) % hubs.length] as TestHub
  const habit = {
    windowBytes: 65_536,
    acknowledgesAfterMs: 0,
    staysMs: undefined,
    awayMs: 0,
    forgets: 0,
  }
  const wish = { source: 'events', filters: ['rolling.>'], mode: Mode.ALL, intervalMs: 0 }
  const clients = Array.from({ length: clientCount }, (_, index) => {
    const name = `client ${index}`
    return new RestlessClient(name, { ...habit, by: index % 2 === 0 ? 'weir.v1' : 'weir.v1.json' }, [wish], {
      token,
      random: new Random(name),
      hub,
    })
  })
  t.after(() => {
    for (const client of clients) client.end()
  })
  for (const client of clients) client.start()
  const all = (condition: (client: RestlessClient) => boolean): Promise<void> =>
    until(() => clients.every(condition), 'the state of every client')
  await all(({ ledgers: [ledger] }) => ledger?.cursor !== undefined)

  const published: number[] = []
  const writer = new Writer(10, async () => published.push(await mesh.publish(`rolling.s${published.length % 7}`)))
  writer.start()
  for (const old of [...hubs]) {
    hubs.push(await start())
    hubs.splice(hubs.indexOf(old), 1)
    connects = []
    const leaving = await old.metric('connections')
    const code = await old.stop('SIGTERM')
    assert.equal(code, 0)
    assert.equal(connects.length, leaving, 'each that left has connected once')
    assert.ok(leaving >= clientCount / 6, `only ${leaving} were connected to it`)
    const most = Math.max(
      ...connects.map((from) => connects.filter((at) => at >= from && at < from + spreadMs / 5).length),
    )
    assert.ok(most <= leaving / 3, `${most} of ${leaving} came within a fifth of the time`)
  }
  await writer.pause()
  published.sort((a, b) => a - b)
  await all(
    ({ ledgers: [ledger] }) => (ledger?.current[0]?.stretch.batches.at(-1)?.to ?? 0) >= (published.at(-1) as number),
  )
  for (const client of clients) {
    const [ledger] = client.ledgers[0]?.all ?? []
    assert.deepEqual([...client.faults, ...(ledger?.faults ?? [])], [])
    assert.equal(ledger?.stretches.length, 1, 'it never began anew')
    assert.deepEqual(ledger?.stretch.gaps, [])
    const sent = ledger?.stretch.batches.flatMap((batch) => batch.sent.map(({ seq }) => seq))
    assert.deepEqual(sent, published, client.name)
  }
})
