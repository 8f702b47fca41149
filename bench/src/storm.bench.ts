/**
 * Ten thousand subscribers lose their hub (kill -9) and go on at another from their cursors, all at
 * once; then ten thousand new ones join a third with a snapshot of 1,000 subjects. Every entry of
 * every socket is checked: nothing is lost, doubled or out of order, and no consumer is made for
 * it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { BenchMesh } from './hub/bench-mesh.ts'
import { benchToken } from './hub/hub-process.ts'
import { profiled } from './hub/profiled.ts'
import type { OpenPlan, Published, PublishPace } from './load/load-plan.ts'
import { settled } from './load/settled.ts'
import { cpuSeconds } from './processes/process-usage.ts'
import type { Benchmark, BenchmarkOptions } from './report/benchmark.ts'

export const storm: Benchmark = {
  name: 'storm',
  title: 'how soon thousands have caught up on another hub, and thousands of new ones with a snapshot',
  run: runStorm,
}

const subjects = 1_000
const timeoutMs = 60_000

async function runStorm(options: BenchmarkOptions): Promise<void> {
  const count = options.quick ? 1_000 : 10_000
  const mesh = await BenchMesh.start()
  try {
    const consumers = { made: 0 }
    const inspect = options.profiles !== undefined
    const [lost, second, third] = [await mesh.hub(), await mesh.hub({ inspect }), await mesh.hub({ inspect })]
    const [publisher, resuming, joining, warm] = [mesh.load(), mesh.load(), mesh.load(), mesh.load()]
    const publish = (pace: PublishPace, ms: number): Promise<Published> =>
      publisher.ask('publish', { natsUrl: mesh.nats.url, ms, subjects, eventBytes: 200, pace })
    const stored = await publish({ kind: 'rate', perSecond: 2 * subjects }, 1_100)
    const plan: OpenPlan = {
      port: lost.port,
      dialect: 'weir',
      count,
      channels: 1,
      filter: 'bench.>',
      mode: 'ALL',
      windowBytes: 262_144,
      checkAfter: stored.numbers,
      tokens: await Promise.all(Array.from({ length: count }, (_, index) => benchToken(`storm-${index}`))),
      atOnce: 1_000,
    }
    // A hub opens a source, with its one consumer, for the first subscriber: that is no part of the
    // storm.
    for (const { port } of [second, third]) await warm.ask('open', { ...plan, port, count: 1 })
    await resuming.ask('open', plan)
    mesh.nc.subscribe('$JS.EVENT.ADVISORY.CONSUMER.CREATED.>', { callback: () => void consumers.made++ })
    await mesh.nc.flush()
    const background = publish({ kind: 'rate', perSecond: 100 }, 600_000)
    await sleep(2_000)

    await resuming.ask('followTo', { port: second.port })
    const secondCpu = cpuSeconds(second.pid)
    // Killed first: what it has sent was published before.
    const stopping = lost.stop('SIGKILL')
    const resumed = await profiled(options, second, 'storm resume', () => resuming.ask('caughtUp', { ms: timeoutMs }))
    await stopping
    say(`${count} resume on another hub, the last has caught up`, resumed, cpuSeconds(second.pid) - secondCpu)

    const thirdCpu = cpuSeconds(third.pid)
    const joined = await profiled(options, third, 'storm join', async () => {
      const opened = joining.ask('open', { ...plan, port: third.port, mode: 'LATEST' })
      const took = await joining.ask('caughtUp', { ms: timeoutMs })
      await opened
      return took
    })
    say(
      `${count} join with a snapshot of ${subjects}, the last has caught up`,
      joined,
      cpuSeconds(third.pid) - thirdCpu,
    )

    await publisher.ask('halt')
    // What came during the storm is not hidden by what comes after it.
    const during = await background
    for (const load of [resuming, joining]) await settled(load, during.numbers)
    const after = await publish({ kind: 'rate', perSecond: subjects }, 1_100)
    for (const load of [resuming, joining]) await settled(load, after.numbers)
    const seen = [await resuming.ask('tally'), await joining.ask('tally')]
    const wrong = seen.reduce((sum, { gaps, faultCount }) => sum + gaps + faultCount, 0)
    const note = seen.flatMap(({ faults }) => faults).join('; ')
    options.report({
      name: 'entries lost, doubled or out of order',
      value: wrong,
      unit: '',
      note,
      budget: { atMost: 0 },
    })
    options.report({ name: 'consumers made', value: consumers.made, unit: '', budget: { atMost: 0 } })
    if (wrong > 0) throw new Error(`a storm has lost, doubled or disordered entries: ${note}`)
  } finally {
    await mesh.stop()
  }

  function say(name: string, tookMs: readonly number[], cpu: number): void {
    const sorted = [...tookMs].sort((a, b) => a - b)
    const half = ((sorted[sorted.length >> 1] ?? Number.NaN) / 1000).toFixed(2)
    const note = `half of them after ${half} s; ${sorted.length} of ${count}`
    options.report({ name, value: (sorted.at(-1) ?? Number.NaN) / 1000, unit: 's', note })
    options.report({ name: `${name}, CPU of the hub`, value: cpu, unit: 's' })
  }
}
