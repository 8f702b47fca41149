import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Alert_Status } from '@weir/proto'
import { AlertReplicas, give, settled, until } from '../../../test/alert-replicas.ts'
import type { EventRecord } from '../../event/event-record.ts'
import { limits } from '../../limits.ts'
import { recordedAlert } from './alert-log.ts'
import { changeAlert } from './alerts.ts'

let alerts: AlertReplicas

before(async () => {
  alerts = await AlertReplicas.start()
})

after(() => alerts.stop())

beforeEach(() => alerts.begin())

test('an alert says the values of the moment: while it fires, and when it is resolved', async () => {
  const rule = await alerts.replica("when: 'metrics.celsius > 30', message: '{1} is at {metric.celsius}', every: 400ms")
  await give(rule, await alerts.store(['r1', 50]))
  await sleep(420)
  // The second comes too soon to be worth an event of its own.
  await give(rule, await alerts.store(['r1', 60], ['r1', 61]))
  await sleep(420)
  await give(rule, await alerts.store(['r1', 60]))
  await give(rule, await alerts.store(['r1', 5]))
  assert.deepEqual(await alerts.messages(), [
    'hot r1 FIRING: r1 is at 50',
    'hot r1 FIRING: r1 is at 60',
    'hot r1 RESOLVED: r1 is at 5',
  ])
})

test('what an alert says anew keeps who acknowledged it, and since when it fires', async () => {
  const rule = await alerts.replica("when: 'metrics.celsius > 30', message: '{metric.celsius}', every: 100ms")
  const people = alerts.people()
  await give(rule, await alerts.store(['r1', 50]))
  await changeAlert(people, 'alerts.hot.r1', Alert_Status.ACKED, 'ann')
  await sleep(150)
  await give(rule, await alerts.store(['r1', 60]))
  assert.deepEqual(await alerts.story(), ['r1 FIRING', 'r1 ACKED by ann', 'r1 ACKED by ann'])
  const [first, , last] = (await alerts.stored()).filter(({ subject }) => subject.startsWith('alerts.'))
  const sinceOf = (record: EventRecord | undefined): unknown =>
    recordedAlert(0, record?.payload ?? new Uint8Array()).alert.since
  assert.deepEqual(sinceOf(last), sinceOf(first))
  await give(rule, await alerts.store(['r1', 1]))
  assert.equal((await alerts.story()).at(-1), 'r1 RESOLVED')
})

test('an event that happened before what is known sets nothing off, nor does a backlog that is flushed', async () => {
  const rule = await alerts.replica()
  await give(rule, await alerts.storeAged([20, 0], [50, 300_000]))
  assert.deepEqual(await alerts.story(), [])
  await give(await alerts.replica(), await alerts.storeAged([50, 120_000], [60, 60_000], [20, 0]))
  assert.deepEqual(await alerts.story(), [])
  // By order of storing it is as it was: what came last counts.
  await give(await alerts.replica("when: 'metrics.celsius > 30', order: stored"), await alerts.storeAged([50, 300_000]))
  assert.deepEqual(await alerts.story(), ['r1 FIRING'])
})

test('a series that stops resolves its alert, or fires, when its rule says so', async () => {
  const resolves = await alerts.replica(
    "when: 'metrics.celsius > 30', message: 'hot', noData: resolve, noDataAfter: 1s",
  )
  const [event] = await alerts.store(['r1', 50])
  assert.ok(event !== undefined)
  await give(resolves, [event])
  await settled(resolves, event.storedAtMs + 999)
  assert.deepEqual(await alerts.messages(), ['hot r1 FIRING: hot'])
  await settled(resolves, event.storedAtMs + 1_000)
  assert.deepEqual(await alerts.messages(), ['hot r1 FIRING: hot', 'hot r1 RESOLVED: hot (no data)'])
  resolves.close()
  const fires = await alerts.replica("when: 'metrics.celsius > 30', message: '{1}', noData: fire, noDataAfter: 1s")
  const [cool] = await alerts.store(['r2', 1])
  assert.ok(cool !== undefined)
  await give(fires, [cool])
  await settled(fires, cool.storedAtMs + 1_000)
  assert.equal((await alerts.messages()).at(-1), 'hot r2 FIRING: r2 (no data)')
})

test('a rule that cannot be evaluated is an alert that people see', async () => {
  const rule = await alerts.replica("when: 'int(subject) > 3'")
  const events = await alerts.store(['r1', 50])
  await settled(rule, Date.now(), events[0])
  await until(async () => (await alerts.messages()).length > 0)
  const [told] = await alerts.messages()
  assert.match(told ?? '', /^unevaluable hot FIRING: the condition of hot cannot be evaluated for rooms\.r1: /)
  assert.match(rule.concern() ?? '', /cannot be evaluated/)
  assert.equal(rule.stats.failures, 1)
  // Another process of the same rule says nothing that was said.
  const again = await alerts.replica("when: 'int(subject) > 3'")
  await settled(again, Date.now(), events[0])
  await sleep(200)
  assert.equal((await alerts.messages()).length, 1)
  // One whose condition works resolves it, and is told at once.
  const mended = await alerts.replica("when: 'metrics.celsius > 300'")
  await mended.openAnew()
  await settled(mended, Date.now(), (await alerts.store(['r1', 51]))[0])
  await until(async () => (await alerts.messages()).length > 1)
  assert.equal((await alerts.messages())[1], 'unevaluable hot RESOLVED: the condition of hot can be evaluated again')
})

test('a restart neither resolves nor fires again what cannot be evaluated', async () => {
  // Fails for some events and not for others.
  const rule = "when: 'int(tokens[1]) > 3'"
  const [bad, good, badAgain] = await alerts.store(['r1', 50], ['2', 50], ['r3', 50])
  const first = await alerts.replica(rule)
  await settled(first, Date.now(), bad)
  await until(async () => (await alerts.messages()).length > 0)
  first.close()
  const restarted = await alerts.replica(rule)
  await settled(restarted, Date.now(), good)
  await sleep(200)
  await settled(restarted, Date.now(), badAgain)
  await sleep(200)
  assert.equal((await alerts.messages()).length, 1)
  restarted.close()
  // Once nothing has failed for long enough it is resolved, whoever raised it.
  const later = await alerts.replica(rule)
  await settled(later, Date.now(), good)
  await sleep(200)
  assert.equal((await alerts.messages()).length, 1)
  await settled(later, Date.now() + limits.unevaluableMs)
  await until(async () => (await alerts.messages()).length > 1)
  assert.match((await alerts.messages())[1] ?? '', /^unevaluable hot RESOLVED/)
})
