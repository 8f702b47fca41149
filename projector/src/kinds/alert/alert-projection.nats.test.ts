import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventStream } from '@weir/mesh'
import { Alert_Status } from '@weir/proto'
import { AlertReplicas, dedupeMs, give, settled, until } from '../../../test/alert-replicas.ts'
import { changeAlert } from './alerts.ts'

let alerts: AlertReplicas

before(async () => {
  alerts = await AlertReplicas.start()
})

after(() => alerts.stop())

beforeEach(() => alerts.begin())

test('a replica that is behind does not tell again what another has told', async () => {
  const ahead = await alerts.replica()
  const behind = await alerts.replica()
  const events = await alerts.store(['r1', 50], ['r1', 20])
  await give(ahead, events)
  assert.deepEqual(await alerts.story(), ['r1 FIRING', 'r1 RESOLVED'])
  await sleep(100)
  for (const event of events) {
    await settled(behind, event.storedAtMs, event)
  }
  assert.deepEqual(await alerts.story(), ['r1 FIRING', 'r1 RESOLVED'])
  // It tells what comes next.
  await give(behind, await alerts.store(['r1', 60]))
  assert.deepEqual(await alerts.story(), ['r1 FIRING', 'r1 RESOLVED', 'r1 FIRING'])
})

test('a restart from a position before what was told tells nothing again', async () => {
  const events = await alerts.store(['r1', 50], ['r1', 20], ['r2', 50], ['r2', 20], ['r2', 60])
  await give(await alerts.replica(), events)
  await sleep(dedupeMs * 2)
  const told = ['r1 FIRING', 'r1 RESOLVED', 'r2 FIRING', 'r2 RESOLVED', 'r2 FIRING']
  assert.deepEqual(await alerts.story(), told)
  const again = await alerts.replica()
  for (const event of events) {
    await settled(again, event.storedAtMs, event)
  }
  assert.deepEqual(await alerts.story(), told)
  await give(again, await alerts.store(['r2', 10]))
  assert.deepEqual(await alerts.story(), [...told, 'r2 RESOLVED'])
})

test('a replica whose clock has not come so far does not take back what silence has told', async () => {
  const ahead = await alerts.replica('absent: 1s')
  const behind = await alerts.replica('absent: 1s')
  const [event, next] = await alerts.store(['r1', 1], ['r1', 1])
  assert.ok(event !== undefined && next !== undefined)
  await give(ahead, [event])
  await give(behind, [event])
  await settled(ahead, event.storedAtMs + 1_000)
  await settled(behind, event.storedAtMs + 900)
  await settled(behind, event.storedAtMs + 1_100)
  assert.deepEqual(await alerts.story(), ['r1 FIRING'])
  await give(behind, [next])
  await settled(ahead, next.storedAtMs)
  assert.deepEqual(await alerts.story(), ['r1 FIRING', 'r1 RESOLVED'])
})

test('what a person resolved stays so for a replica that is behind and for one that is started again', async () => {
  const first = await alerts.replica()
  const behind = await alerts.replica()
  const people = alerts.people()
  const cause = await alerts.store(['r1', 50])
  await give(first, cause)
  await changeAlert(people, 'alerts.hot.r1', Alert_Status.RESOLVED, 'ann')
  await sleep(100)
  const more = await alerts.store(['r1', 51])
  for (const rule of [behind, await alerts.replica()]) {
    for (const event of [...cause, ...more]) await settled(rule, event.storedAtMs, event)
  }
  assert.deepEqual(await alerts.story(), ['r1 FIRING', 'r1 RESOLVED by ann'])
  // The rule says when the cause is gone; only then it may fire again.
  await give(behind, await alerts.store(['r1', 1], ['r1', 52]))
  assert.deepEqual(await alerts.story(), ['r1 FIRING', 'r1 RESOLVED by ann', 'r1 RESOLVED', 'r1 FIRING'])
  await give(await alerts.replica(), await alerts.store(['r1', 53], ['r1', 2]))
  assert.deepEqual((await alerts.story()).slice(4), ['r1 RESOLVED'])
})

test('an alert whose events were lost to the retention, or hidden by something else, can still change', async () => {
  const rule = await alerts.replica()
  await give(rule, await alerts.store(['r1', 50], ['r2', 50]))
  const alert = (await alerts.stored()).find(({ subject }) => subject === 'alerts.hot.r1')
  // The bucket has it, as the projection of kind latest would have put it.
  await alerts.nc.request(`$KV.${alerts.tenant}_alerts.alerts.hot.r1`, alert?.payload ?? '')
  await alerts.nc.request(
    `$JS.API.STREAM.PURGE.${eventStream(alerts.tenant)}`,
    JSON.stringify({ filter: `ev.${alerts.tenant}.alerts.hot.r1` }),
  )
  await alerts.nc.request(`ev.${alerts.tenant}.alerts.hot.r2`, 'this is no alert')
  await give(rule, await alerts.store(['r1', 20]))
  await until(async () => (await alerts.story()).includes('r1 RESOLVED'))
  await give(rule, await alerts.store(['r2', 20], ['r2', 60], ['r2', 20]))
  assert.equal((await alerts.story()).at(-1), 'r2 RESOLVED')
})

test('many keys that change at once are all told', async () => {
  const rule = await alerts.replica('absent: 1s')
  const events = await alerts.store(...Array.from({ length: 700 }, (_, at) => [`r${at}`, 1] as const))
  for (const event of events) await rule.take(event, false)
  rule.idle((events.at(-1)?.storedAtMs ?? 0) + 1_000)
  await rule.flushed()
  assert.equal((await alerts.story()).length, 700)
})

test('two replicas that judge differently, as while a rule is being replaced, tell one thing an event at most', async () => {
  const before = await alerts.replica("when: 'metrics.celsius > 30'")
  const since = await alerts.replica("when: 'metrics.celsius > 40'")
  for (let round = 1; round <= 5; round++) {
    const [event] = await alerts.store(['r1', 35])
    assert.ok(event !== undefined)
    await settled(before, event.storedAtMs, event)
    await settled(since, event.storedAtMs, event)
    await settled(before, event.storedAtMs)
    assert.ok((await alerts.story()).length <= round)
  }
  before.close()
  await give(since, await alerts.store(['r1', 35]))
  assert.equal((await alerts.story()).at(-1), 'r1 RESOLVED')
})
