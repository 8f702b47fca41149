/**
 * What an event costs the hub before it goes to anybody: CPU microseconds an event, without a subscriber and with one;
 * against the NATS client alone, which is what no hub on this client can go below.
 */
import { BenchMesh } from './bench-mesh.ts'
import type { Benchmark, BenchmarkOptions, Budget } from './benchmark.ts'
import { benchToken } from './hub-process.ts'
import type { PublishPace } from './load/load-plan.ts'
import { PeerProcess } from './peer-process.ts'
import { cpuTimes } from './process-usage.ts'
import { profiled } from './profiled.ts'

export const inbound: Benchmark = {
  name: 'inbound',
  title: 'CPU of an event that arrives, against the NATS client alone',
  run: runInbound,
}

const steady: PublishPace = { kind: 'rate', perSecond: 20_000 }
const flood: PublishPace = { kind: 'flood', inFlight: 5_000 }

async function runInbound(options: BenchmarkOptions): Promise<void> {
  const mesh = await BenchMesh.start()
  try {
    const publisher = mesh.load()
    const cost = async (name: string, pid: number, pace: PublishPace, budget?: Budget): Promise<void> => {
      const plan = { natsUrl: mesh.nats.url, ms: options.quick ? 1_000 : 5_000, subjects: 100, eventBytes: 200, pace }
      const before = cpuTimes(pid)
      const { events, seconds } = await publisher.ask('publish', plan)
      const after = cpuTimes(pid)
      const system = after.system - before.system
      const cpu = after.user - before.user + system
      const value = (cpu / events) * 1e6
      const note = `at ${Math.round(events / seconds)} events/s, ${Math.round((100 * system) / cpu)}% of it in the system`
      options.report({ name, value, unit: 'us/event', note, ...(budget && { budget }) })
    }
    const peer = await PeerProcess.start('bench/src/peers/inbound-peer.ts', [mesh.nats.url])
    await cost('warm up', peer.pid, steady)
    await cost('peer, the NATS client alone', peer.pid, steady)
    await cost('peer, the NATS client alone', peer.pid, flood)
    await peer.stop()
    const hub = await mesh.hub({ inspect: options.profiles !== undefined })
    const subscriber = mesh.load()
    await subscriber.ask('open', {
      port: hub.port,
      dialect: 'weir',
      count: 1,
      channels: 1,
      filter: '>',
      mode: 'ALL',
      windowBytes: 262_144,
      tokens: [await benchToken()],
      atOnce: 1,
    })
    await cost('warm up', hub.pid, steady)
    await cost('hub, one subscriber', hub.pid, steady, { atMost: 4 })
    await profiled(options, hub, 'inbound', () => cost('hub, one subscriber', hub.pid, flood, { atMost: 4 }))
    // The source stays open for a minute after its last subscriber.
    await subscriber.ask('close')
    await cost('hub, no subscriber', hub.pid, steady, { atMost: 4 })
    await cost('hub, no subscriber', hub.pid, flood, { atMost: 4 })
  } finally {
    await mesh.stop()
  }
}
