import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../../test/fake-clock.ts'
import { Watchdog } from './watchdog.ts'

test('silence is answered by pings, then by the verdict at two and a half heartbeats', async () => {
  const { clock, events } = setUp()
  await clock.advance(9_999)
  assert.deepEqual(events, [])
  await clock.advance(1)
  assert.deepEqual(events, ['ping'])
  await clock.advance(14_999)
  assert.deepEqual(events, ['ping', 'ping', 'ping'])
  await clock.advance(1)
  assert.deepEqual(events, ['ping', 'ping', 'ping', 'dead'])
  await clock.advance(100_000)
  assert.equal(events.length, 4)
})

test('a message at each heartbeat keeps it quiet', async () => {
  const { clock, events, watchdog } = setUp()
  for (let beat = 0; beat < 20; beat++) {
    await clock.advance(9_900)
    watchdog.heard()
  }
  assert.deepEqual(events, [])
})

test('after a sleep of the machine the first look is enough', async () => {
  const { clock, events } = setUp()
  clock.sleep(3_600_000)
  await clock.advance(0)
  assert.deepEqual(events, ['dead'])
})

test('ended, it is silent', async () => {
  const { clock, events, watchdog } = setUp()
  watchdog.end()
  await clock.advance(100_000)
  assert.deepEqual(events, [])
})

function setUp(): { clock: FakeClock; events: string[]; watchdog: Watchdog } {
  const clock = new FakeClock()
  const events: string[] = []
  const watchdog = new Watchdog(clock, 10_000, { ping: () => events.push('ping'), dead: () => events.push('dead') })
  return { clock, events, watchdog }
}
