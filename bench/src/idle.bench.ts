/**
 * What an idle subscribed connection holds of the hub's memory: its resident memory with 15,000 of
 * them, less without.
 */
import { BenchMesh } from './hub/bench-mesh.ts'
import { benchToken } from './hub/hub-process.ts'
import type { OpenPlan } from './load/load-plan.ts'
import { Inspector } from './processes/inspector.ts'
import { residentBytes } from './processes/process-usage.ts'
import type { Benchmark, BenchmarkOptions } from './report/benchmark.ts'

export const idle: Benchmark = {
  name: 'idle',
  title: 'memory of 15,000 idle subscribed connections, each with a token of its own',
  run: runIdle,
}

async function runIdle(options: BenchmarkOptions): Promise<void> {
  const connections = options.quick ? 2_000 : 15_000
  const tokens = await Promise.all(Array.from({ length: connections }, (_, index) => benchToken(`idle-${index}`)))
  for (const channels of [1, connections]) {
    const mesh = await BenchMesh.start()
    try {
      const hub = await mesh.hub({ inspect: true })
      const inspector = await Inspector.connect(hub.inspectorUrl)
      const settled = async (): Promise<number> => {
        await inspector.collectGarbage()
        return residentBytes(hub.pid)
      }
      const plan: OpenPlan = {
        port: hub.port,
        dialect: 'weir',
        count: 200,
        channels,
        filter: 'bench.s{channel}',
        mode: 'ALL',
        windowBytes: 262_144,
        tokens,
        atOnce: 100,
      }
      // What grows once, with the first connections, is no part of the figure.
      const [warm, load] = [mesh.load(), mesh.load()]
      await warm.ask('open', plan)
      const before = await settled()
      const { seconds } = await load.ask('open', { ...plan, count: connections })
      const value = ((await settled()) - before) / connections
      const { faultCount, faults, subscribed } = await load.ask('tally')
      if (faultCount > 0 || subscribed < connections) throw new Error(`${faultCount} faults: ${faults}`)
      const name = channels === 1 ? 'all in one channel' : 'a channel each'
      const note = `${connections} connections, opened in ${seconds.toFixed(1)} s`
      options.report({ name, value, unit: 'bytes a connection', note, budget: { atMost: 2_048 } })
      inspector.close()
    } finally {
      await mesh.stop()
    }
  }
}
