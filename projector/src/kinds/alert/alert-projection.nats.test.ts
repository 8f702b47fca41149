import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { create, toBinary } from '@bufbuild/protobuf'
import {
  connectNats,
  createLogger,
  eventStream,
  jetstreamManager,
  type NatsConnection,
  provisionTenant,
} from '@weir/mesh'
import { startNats, type TestNats } from '@weir/mesh/testing'
import { Alert_Status, EventSchema, timestampFromMilliseconds } from '@weir/proto'
import { storedEvents } from '../../../test/stream-contents.ts'
import type { AlertSpec } from '../../declaration/alert-spec.ts'
import { loadProjections } from '../../declaration/file/load.ts'
import type { EventRecord } from '../../event/event-record.ts'
import { wholePartition } from '../../event/partition.ts'
import { limits } from '../../limits.ts'
import { AlertLog, recordedAlert } from './alert-log.ts'
import { AlertProjection } from './alert-projection.ts'
import { changeAlert } from './alerts.ts'

const log = createLogger('test', 'fatal')
const dedupeMs = 100

let nats: TestNats
let nc: NatsConnection
let tenant = ''
let tenants = 0
let replicas: AlertProjection[] = []

before(async () => {
  nats = await startNats()
  nc = await connectNats({ url: nats.url, name: 'admin', log })
})

after(async () => {
  await nc?.close()
  await nats?.stop()
})

beforeEach(async () => {
  tenant = `t${tenants++}`
  await provisionTenant(nc, tenant, {
    eventsMaxBytes: 8_000_000,
    eventsMaxAgeMs: 3_600_000,
    replicas: 1,
    buckets: [{ name: 'alerts', ttlMs: 3_600_000, maxBytes: 8_000_000 }],
  })
  // What is told once must not depend on how long the stream remembers ids.
  const { config } = await (await jetstreamManager(nc)).streams.info(eventStream(tenant))
  await (await jetstreamManager(nc)).streams.update(eventStream(tenant), {
    ...config,
    duplicate_window: dedupeMs * 1e6,
  })
})

afterEach(() => {
  for (const replica of replicas) replica.close()
  replicas = []
})

async function replica(rule = "when: 'metrics.celsius > 30'"): Promise<AlertProjection> {
  const text = `projections: [{ name: hot, kind: alert, from: 'rooms.>', key: '{1}', ${rule} }]`
  const spec = loadProjections(text, 'projections.yaml')[0] as AlertSpec
  const made = new AlertProjection({ nc, tenant, spec, partition: wholePartition, log })
  replicas.push(made)
  await made.open()
  return made
}

/** Stores readings of rooms; resolves with what the stream made of them. */
async function store(...told: readonly (readonly [room: string, celsius: number])[]): Promise<readonly EventRecord[]> {
  const before = (await rooms()).length
  for (const [room, celsius] of told) {
    const event = create(EventSchema, { data: { case: 'reading', value: { metrics: { celsius } } } })
    await nc.request(`ev.${tenant}.rooms.${room}`, toBinary(EventSchema, event))
  }
  return (await rooms()).slice(before)
}

async function rooms(): Promise<readonly EventRecord[]> {
  return (await storedEvents(nc, tenant)).filter(({ subject }) => subject.startsWith('rooms.'))
}

/** The story of all alerts, as it was stored. */
async function story(): Promise<readonly string[]> {
  const events = await storedEvents(nc, tenant)
  return events.flatMap(({ payload }) => {
    const { key, status, by } = recordedAlert(0, payload).alert
    if (status === Alert_Status.UNSPECIFIED) return []
    return [`${key} ${Alert_Status[status]}${by === '' ? '' : ` by ${by}`}`]
  })
}

async function until(probe: () => Promise<boolean>): Promise<void> {
  while (!(await probe())) await sleep(10)
}

async function give(projection: AlertProjection, events: readonly EventRecord[]): Promise<void> {
  for (const event of events) {
    await projection.take(event, false)
    await flushed(projection, event.storedAtMs)
  }
}

/** Ticks until everything is told, as the run of a projection does. */
async function flushed(projection: AlertProjection, nowMs: number): Promise<void> {
  const ticks = setInterval(() => projection.idle(nowMs), 5)
  await projection.flushed().finally(() => clearInterval(ticks))
}

/** Time for what is on its way: what must not be told would be told by then. */
async function settled(projection: AlertProjection, nowMs: number, event?: EventRecord): Promise<void> {
  if (event !== undefined) await projection.take(event, false)
  for (const end = performance.now() + 100; performance.now() < end; await sleep(5)) projection.idle(nowMs)
  await flushed(projection, nowMs)
}

test('a replica that is behind does not tell again what another has told', async () => {
  const ahead = await replica()
  const behind = await replica()
  const events = await store(['r1', 50], ['r1', 20])
  await give(ahead, events)
  assert.deepEqual(await story(), ['r1 FIRING', 'r1 RESOLVED'])
  await sleep(100)
  for (const event of events) {
    await settled(behind, event.storedAtMs, event)
  }
  assert.deepEqual(await story(), ['r1 FIRING', 'r1 RESOLVED'])
  // It tells what comes next.
  await give(behind, await store(['r1', 60]))
  assert.deepEqual(await story(), ['r1 FIRING', 'r1 RESOLVED', 'r1 FIRING'])
})

test('a restart from a position before what was told tells nothing again', async () => {
  const events = await store(['r1', 50], ['r1', 20], ['r2', 50], ['r2', 20], ['r2', 60])
  await give(await replica(), events)
  await sleep(dedupeMs * 2)
  const told = ['r1 FIRING', 'r1 RESOLVED', 'r2 FIRING', 'r2 RESOLVED', 'r2 FIRING']
  assert.deepEqual(await story(), told)
  const again = await replica()
  for (const event of events) {
    await settled(again, event.storedAtMs, event)
  }
  assert.deepEqual(await story(), told)
  await give(again, await store(['r2', 10]))
  assert.deepEqual(await story(), [...told, 'r2 RESOLVED'])
})

test('a replica whose clock has not come so far does not take back what silence has told', async () => {
  const ahead = await replica('absent: 1s')
  const behind = await replica('absent: 1s')
  const [event, next] = await store(['r1', 1], ['r1', 1])
  assert.ok(event !== undefined && next !== undefined)
  await give(ahead, [event])
  await give(behind, [event])
  await settled(ahead, event.storedAtMs + 1_000)
  await settled(behind, event.storedAtMs + 900)
  await settled(behind, event.storedAtMs + 1_100)
  assert.deepEqual(await story(), ['r1 FIRING'])
  await give(behind, [next])
  await settled(ahead, next.storedAtMs)
  assert.deepEqual(await story(), ['r1 FIRING', 'r1 RESOLVED'])
})

test('what a person resolved stays so for a replica that is behind and for one that is started again', async () => {
  const first = await replica()
  const behind = await replica()
  const people = new AlertLog(nc, tenant)
  try {
    const cause = await store(['r1', 50])
    await give(first, cause)
    await changeAlert(people, 'alerts.hot.r1', Alert_Status.RESOLVED, 'ann')
    await sleep(100)
    const more = await store(['r1', 51])
    for (const rule of [behind, await replica()]) {
      for (const event of [...cause, ...more]) await settled(rule, event.storedAtMs, event)
    }
    assert.deepEqual(await story(), ['r1 FIRING', 'r1 RESOLVED by ann'])
    // The rule says when the cause is gone; only then it may fire again.
    await give(behind, await store(['r1', 1], ['r1', 52]))
    assert.deepEqual(await story(), ['r1 FIRING', 'r1 RESOLVED by ann', 'r1 RESOLVED', 'r1 FIRING'])
    await give(await replica(), await store(['r1', 53], ['r1', 2]))
    assert.deepEqual((await story()).slice(4), ['r1 RESOLVED'])
  } finally {
    people.close()
  }
})

test('an alert whose events were lost to the retention, or hidden by something else, can still change', async () => {
  const rule = await replica()
  await give(rule, await store(['r1', 50], ['r2', 50]))
  const alert = (await storedEvents(nc, tenant)).find(({ subject }) => subject === 'alerts.hot.r1')
  // The bucket has it, as the projection of kind latest would have put it.
  await nc.request(`$KV.${tenant}_alerts.alerts.hot.r1`, alert?.payload ?? '')
  await nc.request(
    `$JS.API.STREAM.PURGE.${eventStream(tenant)}`,
    JSON.stringify({ filter: `ev.${tenant}.alerts.hot.r1` }),
  )
  await nc.request(`ev.${tenant}.alerts.hot.r2`, 'this is no alert')
  await give(rule, await store(['r1', 20]))
  await until(async () => (await story()).includes('r1 RESOLVED'))
  await give(rule, await store(['r2', 20], ['r2', 60], ['r2', 20]))
  assert.equal((await story()).at(-1), 'r2 RESOLVED')
})

test('many keys that change at once are all told', async () => {
  const rule = await replica('absent: 1s')
  const events = await store(...Array.from({ length: 700 }, (_, at) => [`r${at}`, 1] as const))
  for (const event of events) await rule.take(event, false)
  rule.idle((events.at(-1)?.storedAtMs ?? 0) + 1_000)
  await rule.flushed()
  assert.equal((await story()).length, 700)
})

test('two replicas that judge differently, as while a rule is being replaced, tell one thing an event at most', async () => {
  const before = await replica("when: 'metrics.celsius > 30'")
  const since = await replica("when: 'metrics.celsius > 40'")
  for (let round = 1; round <= 5; round++) {
    const [event] = await store(['r1', 35])
    assert.ok(event !== undefined)
    await settled(before, event.storedAtMs, event)
    await settled(since, event.storedAtMs, event)
    await settled(before, event.storedAtMs)
    assert.ok((await story()).length <= round)
  }
  before.close()
  await give(since, await store(['r1', 35]))
  assert.equal((await story()).at(-1), 'r1 RESOLVED')
})

/** What was told, each with its message. */
async function messages(): Promise<readonly string[]> {
  const events = await storedEvents(nc, tenant)
  return events.flatMap(({ event }) => {
    if (event.data.case !== 'alert') return []
    const { rule, key, status, message } = event.data.value
    const reason = event.labels.reason === undefined ? '' : ` (${event.labels.reason})`
    return [`${rule} ${key} ${Alert_Status[status]}: ${message}${reason}`]
  })
}

/** Stores readings that happened so long before they are stored. */
async function storeAged(
  ...told: readonly (readonly [celsius: number, agoMs: number])[]
): Promise<readonly EventRecord[]> {
  const before = (await rooms()).length
  for (const [celsius, agoMs] of told) {
    const time = timestampFromMilliseconds(Date.now() - agoMs)
    assert.ok(time !== undefined)
    const event = create(EventSchema, { time, data: { case: 'reading', value: { metrics: { celsius } } } })
    await nc.request(`ev.${tenant}.rooms.r1`, toBinary(EventSchema, event))
  }
  return (await rooms()).slice(before)
}

test('an alert says the values of the moment: while it fires, and when it is resolved', async () => {
  const rule = await replica("when: 'metrics.celsius > 30', message: '{1} is at {metric.celsius}', every: 100ms")
  await give(rule, await store(['r1', 50]))
  await sleep(120)
  await give(rule, await store(['r1', 60]))
  // Sooner than that is not worth an event of its own.
  await give(rule, await store(['r1', 61]))
  await sleep(120)
  await give(rule, await store(['r1', 60]))
  await give(rule, await store(['r1', 5]))
  assert.deepEqual(await messages(), [
    'hot r1 FIRING: r1 is at 50',
    'hot r1 FIRING: r1 is at 60',
    'hot r1 RESOLVED: r1 is at 5',
  ])
})

test('what an alert says anew keeps who acknowledged it, and since when it fires', async () => {
  const rule = await replica("when: 'metrics.celsius > 30', message: '{metric.celsius}', every: 100ms")
  const people = new AlertLog(nc, tenant)
  try {
    await give(rule, await store(['r1', 50]))
    await changeAlert(people, 'alerts.hot.r1', Alert_Status.ACKED, 'ann')
    await sleep(150)
    await give(rule, await store(['r1', 60]))
    assert.deepEqual(await story(), ['r1 FIRING', 'r1 ACKED by ann', 'r1 ACKED by ann'])
    const [first, , last] = (await storedEvents(nc, tenant)).filter(({ subject }) => subject.startsWith('alerts.'))
    const sinceOf = (record: EventRecord | undefined): unknown =>
      recordedAlert(0, record?.payload ?? new Uint8Array()).alert.since
    assert.deepEqual(sinceOf(last), sinceOf(first))
    await give(rule, await store(['r1', 1]))
    assert.equal((await story()).at(-1), 'r1 RESOLVED')
  } finally {
    people.close()
  }
})

test('an event that happened before what is known sets nothing off, nor does a backlog that is flushed', async () => {
  const rule = await replica()
  await give(rule, await storeAged([20, 0], [50, 300_000]))
  assert.deepEqual(await story(), [])
  await give(await replica(), await storeAged([50, 120_000], [60, 60_000], [20, 0]))
  assert.deepEqual(await story(), [])
  // By order of storing it is as it was: what came last counts.
  await give(await replica("when: 'metrics.celsius > 30', order: stored"), await storeAged([50, 300_000]))
  assert.deepEqual(await story(), ['r1 FIRING'])
})

test('a series that stops resolves its alert, or fires, when its rule says so', async () => {
  const resolves = await replica("when: 'metrics.celsius > 30', message: 'hot', noData: resolve, noDataAfter: 1s")
  const [event] = await store(['r1', 50])
  assert.ok(event !== undefined)
  await give(resolves, [event])
  await settled(resolves, event.storedAtMs + 999)
  assert.deepEqual(await messages(), ['hot r1 FIRING: hot'])
  await settled(resolves, event.storedAtMs + 1_000)
  assert.deepEqual(await messages(), ['hot r1 FIRING: hot', 'hot r1 RESOLVED: hot (no data)'])
  resolves.close()
  const fires = await replica("when: 'metrics.celsius > 30', message: '{1}', noData: fire, noDataAfter: 1s")
  const [cool] = await store(['r2', 1])
  assert.ok(cool !== undefined)
  await give(fires, [cool])
  await settled(fires, cool.storedAtMs + 1_000)
  assert.equal((await messages()).at(-1), 'hot r2 FIRING: r2 (no data)')
})

test('a rule that cannot be evaluated is an alert that people see', async () => {
  const rule = await replica("when: 'int(subject) > 3'")
  const events = await store(['r1', 50])
  await settled(rule, Date.now(), events[0])
  await until(async () => (await messages()).length > 0)
  const [told] = await messages()
  assert.match(told ?? '', /^unevaluable hot FIRING: the condition of hot cannot be evaluated for rooms\.r1: /)
  assert.match(rule.concern() ?? '', /cannot be evaluated/)
  assert.equal(rule.stats.failures, 1)
  // Another process of the same rule says nothing that was said.
  const again = await replica("when: 'int(subject) > 3'")
  await settled(again, Date.now(), events[0])
  await sleep(200)
  assert.equal((await messages()).length, 1)
  // One whose condition works resolves it, and is told at once.
  const mended = await replica("when: 'metrics.celsius > 300'")
  await mended.openAnew()
  await settled(mended, Date.now(), (await store(['r1', 51]))[0])
  await until(async () => (await messages()).length > 1)
  assert.equal((await messages())[1], 'unevaluable hot RESOLVED: the condition of hot can be evaluated again')
})

test('a restart neither resolves nor fires again what cannot be evaluated', async () => {
  // Fails for some events and not for others.
  const rule = "when: 'int(tokens[1]) > 3'"
  const [bad, good, badAgain] = await store(['r1', 50], ['2', 50], ['r3', 50])
  const first = await replica(rule)
  await settled(first, Date.now(), bad)
  await until(async () => (await messages()).length > 0)
  first.close()
  const restarted = await replica(rule)
  await settled(restarted, Date.now(), good)
  await sleep(200)
  await settled(restarted, Date.now(), badAgain)
  await sleep(200)
  assert.equal((await messages()).length, 1)
  restarted.close()
  // Once nothing has failed for long enough it is resolved, whoever raised it.
  const later = await replica(rule)
  await settled(later, Date.now(), good)
  await sleep(200)
  assert.equal((await messages()).length, 1)
  await settled(later, Date.now() + limits.unevaluableMs)
  await until(async () => (await messages()).length > 1)
  assert.match((await messages())[1] ?? '', /^unevaluable hot RESOLVED/)
})
