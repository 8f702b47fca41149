/**
 * What the events of one tenant cost nats-server when they lie in several streams: on one server,
 * and on two of a cluster. Publisher and servers share the machine, so that CPU an event is what
 * compares; what they take together as fast as they go is bound by its cores.
 */

import { LoadProcess } from '../load/load-process.ts'
import type { Benchmark, BenchmarkOptions } from '../report/benchmark.ts'
import type { Peer } from '../report/figure.ts'
import { rounded } from '../report/figure.ts'
import { NatsServers } from './nats-servers.ts'

export const shards: Benchmark = {
  name: 'shards',
  title: 'events into 1, 2 and 4 streams of one tenant, on one nats-server and on two',
  run,
}

interface Setting {
  readonly servers: number
  readonly streams: number
}

interface Measured {
  /** CPU of all servers for an event that is stored, at a rate that they can hold. */
  readonly micros: number
  /** The same of each server. */
  readonly each: readonly number[]
  /** Stored, as fast as one publisher and the servers go. */
  readonly perSecond: number
}

async function run(options: BenchmarkOptions): Promise<void> {
  const ms = options.quick ? 1_500 : 5_000
  for (const servers of [1, 2]) {
    const settings = [1, 2, 4].map((streams) => ({ servers, streams }))
    const turns = new Map<Setting, Measured[]>(settings.map((each) => [each, []]))
    // In turns, as the machine is not the same from one minute to the next.
    for (let turn = 0; turn < (options.quick ? 1 : 3); turn++) {
      for (const [setting, measured] of turns) measured.push(await measure(setting, ms))
    }
    let alone: Measured | undefined
    for (const [setting, measured] of turns) {
      report(options, setting, measured, alone)
      alone ??= middle(measured)
    }
  }
}

async function measure({ servers, streams }: Setting, ms: number): Promise<Measured> {
  const nats = await NatsServers.start(servers, streams)
  const publisher = LoadProcess.start()
  try {
    const traffic = { natsUrl: nats.url, subjects: 1_000, eventBytes: 200, shards: streams }
    const pace = { kind: 'rate', perSecond: eventsPerSecond } as const
    await publisher.ask('publish', { ...traffic, ms: warmUpMs, pace })
    const before = nats.cpuSeconds
    const { events } = await publisher.ask('publish', { ...traffic, ms, pace })
    const each = nats.cpuSeconds.map((seconds, at) => ((seconds - (before[at] ?? 0)) / events) * 1e6)
    const flood = await publisher.ask('publish', { ...traffic, ms, pace: { kind: 'flood', inFlight: 4_000 } })
    const micros = each.reduce((sum, one) => sum + one, 0)
    return { micros, each, perSecond: flood.events / flood.seconds }
  } finally {
    await publisher.stop()
    await nats.stop()
  }
}

function report(
  options: BenchmarkOptions,
  { servers, streams }: Setting,
  turns: readonly Measured[],
  alone: Measured | undefined,
): void {
  const on = servers === 1 ? 'one nats-server' : `${servers} nats-servers`
  const name = `${streams} ${streams === 1 ? 'stream' : 'streams'} on ${on}`
  const { micros, each, perSecond } = middle(turns)
  const peer = (value: number): { readonly peer?: Peer } => (alone ? { peer: { name: '1 stream', value } } : {})
  options.report({
    name: `${name}, CPU an event`,
    value: micros,
    unit: 'us',
    spread: turns.length > 1 ? turns.map((turn) => turn.micros) : [],
    ...peer(alone?.micros ?? 0),
    ...(servers === 1 && alone ? { budget: { atMost: 1.2, of: 'ratio' } } : {}),
    note:
      servers === 1
        ? `${eventsPerSecond} events/s`
        : `${eventsPerSecond} events/s; ${each.map(rounded).join(' and ')} us`,
  })
  options.report({
    name: `${name}, as fast as it goes`,
    value: perSecond,
    unit: 'events/s',
    spread: turns.length > 1 ? turns.map((turn) => turn.perSecond) : [],
    ...peer(alone?.perSecond ?? 0),
    note: 'publisher and servers share the machine',
  })
}

/** The turn in the middle, by CPU an event. */
function middle(turns: readonly Measured[]): Measured {
  const sorted = turns.toSorted((a, b) => a.micros - b.micros)
  return sorted[Math.floor(sorted.length / 2)] as Measured
}

const eventsPerSecond = 20_000
const warmUpMs = 1_000
