/**
 * What an event costs the hub before it goes to anybody: CPU microseconds an event, without a
 * subscriber and with one; against the NATS client alone, which is what no hub on this client can
 * go below.
 */
import { BenchMesh } from './hub/bench-mesh.ts'
import { benchToken } from './hub/hub-process.ts'
import { profiled } from './hub/profiled.ts'
import type { Published, PublishPace } from './load/load-plan.ts'
import { PeerProcess } from './processes/peer-process.ts'
import { cpuSeconds, cpuTimes } from './processes/process-usage.ts'
import type { Benchmark, BenchmarkOptions } from './report/benchmark.ts'
import type { Budget, Figure, Peer } from './report/figure.ts'

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
    const cost = async (
      name: string,
      pid: number,
      pace: PublishPace,
      rest: Pick<Figure, 'peer' | 'budget'> = {},
    ): Promise<number> => {
      const turns: Turn[] = []
      for (let turn = 0; turn < 3; turn++) {
        const before = { ...cpuTimes(pid), all: cpuSeconds(pid) }
        const { events, seconds } = await publish(pace, options.quick ? 500 : 3_000)
        const microseconds = ((cpuSeconds(pid) - before.all) / events) * 1e6
        const { user, system } = cpuTimes(pid)
        const ticks = user + system - before.user - before.system
        turns.push({ microseconds, perSecond: events / seconds, systemShare: (system - before.system) / ticks })
      }
      turns.sort((one, other) => one.microseconds - other.microseconds)
      const { microseconds: value, perSecond, systemShare } = turns[1] as Turn
      const spread = turns.map(({ microseconds }) => microseconds)
      const note = `at ${Math.round(perSecond)} events/s, ${Math.round(100 * systemShare)}% of it in the system`
      options.report({ name: `${name}, ${paceName(pace)}`, value, unit: 'us/event', spread, note, ...rest })
      return value
    }
    const peer = await PeerProcess.start('bench/src/hub/inbound-peer.ts', [mesh.nats.url])
    await warmUp()
    const client = (value: number): { readonly peer: Peer; readonly budget: Budget } => ({
      peer: { name: 'the NATS client alone', value },
      budget: { atMost: 4 },
    })
    const atRate = client(await cost('peer: the NATS client alone', peer.pid, steady))
    const atFullSpeed = client(await cost('peer: the NATS client alone', peer.pid, flood))
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
    await cost('hub, one subscriber', hub.pid, steady, atRate)
    await profiled(options, hub, 'inbound', () => cost('hub, one subscriber', hub.pid, flood, atFullSpeed))
    // The source stays open for a minute after its last subscriber.
    await subscriber.ask('close')
    await cost('hub, no subscriber', hub.pid, steady, atRate)
    await cost('hub, no subscriber', hub.pid, flood, atFullSpeed)
  } finally {
    await mesh.stop()
  }
}

function paceName(pace: PublishPace): string {
  return pace === steady ? '20,000 events/s' : 'full speed'
}

interface Turn {
  /** Of an event. */
  readonly microseconds: number
  readonly perSecond: number
  readonly systemShare: number
}
