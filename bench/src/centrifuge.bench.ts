/**
 * What a delivery by the Centrifuge protocol costs: 500 subscribers on raw sockets, in Protobuf, of
 * a hub and of a Centrifugo whose channels are the same subjects of NATS. Figures are entries that
 * reached a socket, a CPU second of the process that sent them.
 */
import { BenchMesh } from './hub/bench-mesh.ts'
import {
  compare,
  hubTurn,
  measure,
  oneChannel,
  peerTurn,
  publishing,
  type Scenario,
  type Sending,
  say,
  subscribers,
} from './hub/fan-out-turns.ts'
import { startCentrifugo } from './processes/centrifugo.ts'
import type { Benchmark, BenchmarkOptions } from './report/benchmark.ts'
import { rounded } from './report/figure.ts'

export const centrifuge: Benchmark = {
  name: 'centrifuge',
  title: 'deliveries a CPU second by the Centrifuge protocol, against Centrifugo',
  run: runCentrifuge,
}

const flatOut = scenarioOf(500)

/**
 * Rates that both take, and the generator with them: where nothing is gathered, 100,000 frames a
 * second come to it.
 */
const paced: readonly Scenario[] = [
  { ...scenarioOf(500), perSecond: 100 },
  { ...scenarioOf(100), perSecond: 1_000 },
]

/**
 * Each goes as fast as it can; then both at equal rates, the hub as it comes and where it gathers.
 * Centrifugo has no setting by which it would gather. Where there is no Centrifugo, the peer is one
 * send an event.
 */
async function runCentrifuge(options: BenchmarkOptions): Promise<void> {
  const hub = await hubTurn(options, flatOut)
  const peer = await centrifugoTurn(options, flatOut)
  const budget = { atLeast: 5, of: 'ratio' } as const
  if (peer === undefined) {
    const each = await peerTurn(options, 'each')
    compare(options, flatOut.name, [hub.perCpuSecond], [each.perCpuSecond], 'one send an event', { budget })
    return
  }
  compare(options, flatOut.name, [hub.perCpuSecond], [peer.perCpuSecond], 'Centrifugo, as fast as it goes', { budget })
  for (const scenario of paced) await atRate(options, scenario)
}

function scenarioOf(subscribers: number): Scenario {
  const name = `${subscribers} subscribers by the Centrifuge protocol`
  return { ...oneChannel(subscribers), name, dialect: 'centrifuge', windowBytes: 0 }
}

async function atRate(options: BenchmarkOptions, scenario: Scenario): Promise<void> {
  const peer = await centrifugoTurn(options, scenario)
  if (peer === undefined) return
  for (const gatherMs of [0, 10, 50]) {
    const hub = await hubTurn(options, scenario, { WEIR_HUB_CENTRIFUGE_GATHER_MS: String(gatherMs) })
    const name = `${scenario.name}, ${scenario.perSecond} events/s, gathering ${gatherMs} ms`
    const note = `from publication to socket ${latency(hub)}; Centrifugo ${latency(peer)}`
    compare(options, name, [hub.perCpuSecond], [peer.perCpuSecond], 'Centrifugo at this rate', { note })
  }
}

function latency({ p50Ms, p99Ms }: Sending): string {
  return `p50 ${rounded(p50Ms)} ms, p99 ${rounded(p99Ms)} ms`
}

async function centrifugoTurn(options: BenchmarkOptions, scenario: Scenario): Promise<Sending | undefined> {
  const mesh = await BenchMesh.start()
  try {
    const peer = await startCentrifugo(mesh.nats.url)
    if (peer === undefined) return undefined
    mesh.add(peer)
    const load = mesh.load()
    await load.ask('open', { ...(await subscribers(scenario, peer.port)), filter: 'live.main.events.>', tokens: [''] })
    const sending = await measure(options, load, peer.pid, scenario, publishing(scenario, mesh.nats.url))
    return say(options, 'peer, Centrifugo', sending)
  } finally {
    await mesh.stop()
  }
}
