// What becomes of clients when hubs come, are replaced, and are killed.

import { setTimeout as sleep } from 'node:timers/promises'
import type { BenchmarkOptions } from '../report/benchmark.ts'
import { Crowd, peakAttempts } from './crowd.ts'
import { HubFleet, until } from './hub-fleet.ts'

/** A third hub beside two, whose connections last so long: when it has its share of them. */
export async function rebalance(options: BenchmarkOptions): Promise<void> {
  const [clients, ageSeconds] = options.quick ? [300, 5] : [2_000, 15]
  const fleet = await HubFleet.start(2, 1, { WEIR_HUB_MAX_AGE_SECONDS: String(ageSeconds) })
  try {
    const crowd = await Crowd.open(fleet, clients, 2)
    const since = (await crowd.reopened()).atMicros
    await fleet.add()
    const share = clients / 3
    await until('the new hub has its share', async () => ((await fleet.connections())[2] ?? 0) >= 0.9 * share)
    const reopened = await crowd.reopened()
    const seconds = (reopened.atMicros - since) / 1e6
    const peak = peakAttempts(reopened, since)
    const { wrong, note } = await crowd.finish()
    options.report({
      name: 'scale-up: the new hub has 90% of its share, of the maximum age',
      value: seconds / ageSeconds,
      unit: 'x',
      note: `${clients} clients of two hubs, ${ageSeconds} s; at most ${peak} connect in a second`,
      budget: { atMost: 1.5 },
    })
    check(options, 'scale-up', wrong, note)
  } finally {
    await fleet.stop()
  }
}

/** All hubs replaced one after the other, then one of them killed, under the same clients. */
export async function replaceAndKill(options: BenchmarkOptions): Promise<void> {
  const clients = options.quick ? 1_000 : 10_000
  const drainSeconds = options.quick ? 4 : 12
  const fleet = await HubFleet.start(hubs, balancers, { WEIR_DRAIN_SECONDS: String(drainSeconds) })
  try {
    const crowd = await Crowd.open(fleet, clients, loads)
    await sleep(1_000)
    await rollingUpdate(options, fleet, crowd, clients, drainSeconds)
    await killOne(options, fleet, crowd, clients)
    const { wrong, note } = await crowd.finish()
    check(options, `rolling update and kill, ${clients} clients`, wrong, note)
  } finally {
    await fleet.stop()
  }
}

async function rollingUpdate(
  options: BenchmarkOptions,
  fleet: HubFleet,
  crowd: Crowd,
  clients: number,
  drainSeconds: number,
): Promise<void> {
  const since = (await crowd.reopened()).atMicros
  for (const old of fleet.hubs) {
    await fleet.add()
    await fleet.remove(old, 'SIGTERM')
  }
  await until('all have subscribed again', async () => (await crowd.reopened()).away === 0)
  const reopened = await crowd.reopened()
  const seconds = (reopened.backAtMicros - since) / 1e6
  const attempts = reopened.attempts.reduce((sum, [, count]) => sum + count, 0)
  const name = `rolling update of ${hubs} hubs, ${clients} clients`
  // A hub asks its clients to leave over half of the time that it has to drain, less a grace.
  const even = clients / hubs / (drainSeconds / 2 - 0.5)
  options.report({
    name: `${name}, the most that connect in a second`,
    value: peakAttempts(reopened, since),
    unit: '',
    note: `${drainSeconds} s to drain; ${reopened.ended} connections moved in ${attempts} attempts`,
    peer: { name: 'spread evenly over the drain', value: even },
    budget: { atMost: 2, of: 'ratio' },
  })
  options.report({ name: `${name}, until all are live again`, value: seconds, unit: 's' })
}

async function killOne(options: BenchmarkOptions, fleet: HubFleet, crowd: Crowd, clients: number): Promise<void> {
  const [victim, ...others] = fleet.hubs
  if (victim === undefined) return
  const held = (await victim.metrics()).connections ?? 0
  const before = await crowd.reopened()
  const since = before.atMicros
  await fleet.remove(victim, 'SIGKILL')
  const cpuBefore = fleet.cpuSeconds
  await until(
    'all have subscribed again',
    async () => {
      const { ended, away } = await crowd.reopened()
      return ended - before.ended >= held && away === 0
    },
    50,
  )
  const cpu = fleet.cpuSeconds - cpuBefore
  const reopened = await crowd.reopened()
  const name = `one of ${hubs} hubs killed, ${clients} clients`
  options.report({
    name: `${name}, until all are live again`,
    value: (reopened.backAtMicros - since) / 1e6,
    unit: 's',
    note: `${held} had lost their hub; at most ${peakAttempts(reopened, since)} connect in a second`,
    budget: { atMost: 10 },
  })
  options.report({
    name: `${name}, CPU of the ${others.length} others for each that came`,
    value: (cpu / held) * 1e6,
    unit: 'us',
  })
}

function check(options: BenchmarkOptions, name: string, wrong: number, note: string): void {
  options.report({
    name: `${name}: entries lost, doubled or out of order`,
    value: wrong,
    unit: '',
    note,
    budget: { atMost: 0 },
  })
  if (wrong > 0) throw new Error(`${name} has lost, doubled or disordered entries: ${note}`)
}

const hubs = 3
// Each holds 2,500 clients, and two files for each of those.
const balancers = 4
const loads = 4
