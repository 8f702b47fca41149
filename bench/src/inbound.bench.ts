/**
 * What an event costs the hub before it goes to anybody: CPU microseconds an event, without a subscriber and with one;
 * against the NATS client alone, which is what no hub on this client can go below.
 */
import { BenchMesh } from './bench-mesh.ts'
import type { Benchmark, BenchmarkOptions, Budget } from './benchmark.ts'
import { benchToken } from './hub-process.ts'
import type { Published, PublishPace } from './load/load-plan.ts'
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
    const publish = (pace: PublishPace, ms: number): Promise<Published> =>
      publisher.ask('publish', { natsUrl: mesh.nats.url, ms, subjects: 100, eventBytes: 200, pace })
    // A process compiles what is hot for some seconds.
    const warmUp = (): Promise<Published> => publish(flood, options.quick ? 1_000 : 5_000)
    const cost = async (name: string, pid: number, pace: PublishPace, budget?: Budget): Promise<void> => {
      const turns: Turn[] = []
      for (let turn = 0; turn < 3; turn++) {
        const before = cpuTimes(pid)
        const { events, seconds } = await publish(pace, options.quick ? 500 : 3_000)
        const after = cpuTimes(pid)
        const system = after.system - before.system
        const cpu = after.user - before.user + system
        turns.push({ microseconds: (cpu / events) * 1e6, perSecond: events / seconds, systemShare: system / cpu })
      }
      turns.sort((one, other) => one.microseconds - other.microseconds)
      const { microseconds: value, perSecond, systemShare } = turns[1] as Turn
      const all = turns.map(({ microseconds }) => microseconds.toFixed(2)).join(', ')
      const note = `of ${all}; at ${Math.round(perSecond)} events/s, ${Math.round(100 * systemShare)}% of it in the system`
      options.report({ name, value, unit: 'us/event', note, ...(budget && { budget }) })
    }
    const peer = await PeerProcess.start('bench/src/peers/inbound-peer.ts', [mesh.nats.url])
    await warmUp()
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
    await warmUp()
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

interface Turn {
  /** Of an event. */
  readonly microseconds: number
  readonly perSecond: number
  readonly systemShare: number
}
