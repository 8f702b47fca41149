/**
 * From publication to the socket: 100 subscribers in one channel, at a steady rate. What is counted
 * is the oldest event of each batch on each socket. Beside it stands a subscriber of nats-server's
 * own WebSocket: what the store and the republication take before the hub hears of an event.
 */
import { BenchMesh } from './hub/bench-mesh.ts'
import { benchToken } from './hub/hub-process.ts'
import { LatencyHistogram } from './load/latency-histogram.ts'
import type { OpenPlan } from './load/load-plan.ts'
import { cpuSeconds } from './processes/process-usage.ts'
import type { Benchmark, BenchmarkOptions } from './report/benchmark.ts'

export const latency: Benchmark = {
  name: 'latency',
  title: 'from publication to 100 sockets, at three rates',
  run: runLatency,
}

async function runLatency(options: BenchmarkOptions): Promise<void> {
  const mesh = await BenchMesh.start('websocket { listen: "127.0.0.1:-1", no_tls: true }')
  try {
    const hub = await mesh.hub()
    const [publisher, subscribers, direct] = [mesh.load(), mesh.load(), mesh.load()]
    const plan: OpenPlan = {
      port: hub.port,
      dialect: 'weir',
      count: 100,
      channels: 1,
      filter: 'bench.>',
      mode: 'ALL',
      windowBytes: 262_144,
      tokens: [await benchToken()],
      atOnce: 100,
    }
    await subscribers.ask('open', plan)
    const port = mesh.nats.websocketPort ?? 0
    await direct.ask('open', { ...plan, port, dialect: 'nats', filter: 'live.main.events.>', count: 1 })
    const publish = (perSecond: number, ms: number): ReturnType<typeof publisher.ask<'publish'>> =>
      publisher.ask('publish', {
        natsUrl: mesh.nats.url,
        ms,
        subjects: 100,
        eventBytes: 200,
        pace: { kind: 'rate', perSecond },
      })
    await publish(2_000, 1_500)
    for (const perSecond of [100, 2_000, 20_000]) {
      for (const load of [subscribers, direct]) await load.ask('clearLatencies')
      const before = cpuSeconds(hub.pid)
      const { seconds } = await publish(perSecond, options.quick ? 1_500 : 8_000)
      const cpu = (cpuSeconds(hub.pid) - before) / seconds
      const [at, alone] = [await quantiles(subscribers), await quantiles(direct)]
      const note = `hub at ${(100 * cpu).toFixed(0)}% of a core`
      for (const quantile of ['p50', 'p99'] as const) {
        const name = `${perSecond} events/s, ${quantile}`
        const peer = { name: 'nats-server alone', value: alone[quantile] }
        options.report({ name, value: at[quantile], unit: 'ms', note, peer })
      }
    }
  } finally {
    await mesh.stop()
  }

  async function quantiles(load: ReturnType<BenchMesh['load']>): Promise<{ p50: number; p99: number }> {
    const { latencies, faultCount, faults } = await load.ask('tally')
    if (faultCount > 0) throw new Error(`${faultCount} faults: ${faults}`)
    const histogram = new LatencyHistogram()
    histogram.merge(latencies)
    return { p50: histogram.quantile(0.5) / 1000, p99: histogram.quantile(0.99) / 1000 }
  }
}
