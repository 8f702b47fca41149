/**
 * What a delivery costs the hub: subscribers on raw sockets, 200-byte events through a real
 * nats-server, published as fast as the slowest part takes them. Figures are entries that reached a
 * socket, a CPU second of the process that sent them.
 */
import { BenchMesh } from './hub/bench-mesh.ts'
import {
  channels,
  compare,
  eventBytes,
  hubTurn,
  mean,
  measure,
  oneChannel,
  peerTurn,
  perCpuSecond,
  percent,
  publishing,
  type Scenario,
  type Sending,
  say,
  subscribers,
} from './hub/fan-out-turns.ts'
import { PeerProcess } from './processes/peer-process.ts'
import { cpuSeconds } from './processes/process-usage.ts'
import type { Benchmark, BenchmarkOptions } from './report/benchmark.ts'

export const fanOut: Benchmark = {
  name: 'fan-out',
  title: 'deliveries a CPU second, against one send an event, topics, nats-server and prebuilt frames',
  run: runFanOut,
}

async function runFanOut(options: BenchmarkOptions): Promise<void> {
  const one = oneChannel(500)
  const each = (await peerTurn(options, 'each')).perCpuSecond
  const topics = (await peerTurn(options, 'topics')).perCpuSecond
  const hub = await besidePeers(options, one)
  compare(options, one.name, [hub], [each], 'one send an event')
  compare(options, one.name, [hub], [topics], 'topics of uWebSockets.js')
  await besidePeers(options, { ...one, name: `${one.name} that never acknowledge`, windowBytes: 0 })
  for (const scenario of [oneChannel(5_000), channels(1_000, 5), channels(5_000, 1)]) {
    const hub = await hubTurn(options, scenario)
    const paced = await prebuiltTurn(options, scenario, hub, hub.eventsPerSecond)
    compare(options, scenario.name, [hub.perCpuSecond], [paced.perCpuSecond], 'prebuilt frames, as many a second', {
      void: offPace(hub, paced),
    })
  }
  // Their events are decoded and are longer, and an event stream acknowledges nothing.
  const text = { ...one, inFlight: 400 }
  await alone(options, { ...text, name: `${one.name} with the JSON codec`, dialect: 'json' })
  await alone(options, { ...text, name: `${one.name} by SSE`, dialect: 'sse', windowBytes: 0 })
}

/**
 * Measures the hub and its peers in turns, since the machine is not the same from one half minute
 * to the next. The peers are prebuilt frames of the same size, at the hub's rate beside the same
 * traffic through NATS; the same as fast as the clients take them, without traffic; and
 * nats-server's own WebSocket, whose clients never acknowledge. Returns what the hub delivers a CPU
 * second.
 */
async function besidePeers(options: BenchmarkOptions, scenario: Scenario): Promise<number> {
  const turns: Record<'hub' | 'paced' | 'flatOut' | 'nats', Sending>[] = []
  for (let turn = 0; turn < (options.quick ? 1 : 3); turn++) {
    const hub = await hubTurn(options, scenario)
    const paced = await prebuiltTurn(options, scenario, hub, hub.eventsPerSecond)
    const flatOut = await prebuiltTurn(options, scenario, hub, 0)
    turns.push({ hub, paced, flatOut, nats: await natsTurn(options) })
  }
  const of = (who: keyof (typeof turns)[number]): readonly number[] => turns.map((turn) => turn[who].perCpuSecond)
  const hub = of('hub')
  const { name } = scenario
  options.report({ name, ...perCpuSecond(hub), budget: { atLeast: 12 } })
  compare(options, name, hub, of('nats'), "nats-server's own WebSocket", { budget: { atLeast: 10, of: 'ratio' } })
  compare(options, name, hub, of('paced'), 'prebuilt frames, as many a second', {
    budget: { atLeast: 0.8, of: 'ratio' },
    void: turns.map(({ hub, paced }) => offPace(hub, paced)).find(Boolean),
  })
  compare(options, name, hub, of('flatOut'), 'prebuilt frames, as fast as it goes')
  return mean(hub)
}

/**
 * Why prebuilt frames cannot be compared with the hub: the generator did not take as many of them.
 */
function offPace(hub: Sending, paced: Sending): string | undefined {
  const share = paced.eventsPerSecond / hub.eventsPerSecond
  return Math.abs(share - 1) < 0.1 ? undefined : `${percent(share)} of as many frames were taken`
}

async function alone(options: BenchmarkOptions, scenario: Scenario): Promise<void> {
  const { perCpuSecond: value } = await hubTurn(options, scenario)
  options.report({ name: scenario.name, ...perCpuSecond([value]) })
}

/**
 * The CPU of nats-server, on the hub's core, less what it takes for as many events without a
 * subscriber. Its clients subscribe to what the hub does: republished events, whose headers say
 * where in the stream they are.
 */
async function natsTurn(options: BenchmarkOptions): Promise<Sending> {
  const mesh = await BenchMesh.start('websocket { listen: "127.0.0.1:-1", no_tls: true }', 'first core')
  try {
    const load = mesh.load()
    const scenario = oneChannel(500)
    const port = mesh.nats.websocketPort ?? 0
    const plan = { ...(await subscribers(scenario, port)), dialect: 'nats', filter: 'live.main.events.>' } as const
    await load.ask('open', plan)
    const sending = await measure(options, load, mesh.nats.pid, scenario, publishing(scenario, mesh.nats.url))
    await load.ask('close')
    const before = cpuSeconds(mesh.nats.pid)
    const pace = { kind: 'rate', perSecond: sending.eventsPerSecond } as const
    const { events } = await load.ask('publish', { ...publishing(scenario, mesh.nats.url), ms: 2_000, pace })
    const inbound = (cpuSeconds(mesh.nats.pid) - before) / events
    const cpu = 1 / sending.perCpuSecond - inbound / scenario.deliveries
    say(options, "peer, nats-server's own WebSocket with its inbound", sending)
    return say(options, "peer, nats-server's own WebSocket", { ...sending, perCpuSecond: 1 / cpu })
  } finally {
    await mesh.stop()
  }
}

/**
 * Batches as large as the hub's; at 0 events a second as fast as it goes, else beside so many
 * through NATS.
 */
async function prebuiltTurn(
  options: BenchmarkOptions,
  scenario: Scenario,
  { batchEntries: entries }: Sending,
  eventsPerSecond: number,
): Promise<Sending> {
  const mesh = await BenchMesh.start()
  try {
    const args = ['prebuilt', entries, eventBytes, scenario.channels, eventsPerSecond / entries].map(String)
    const peer = await PeerProcess.start('bench/src/hub/fan-out-peer.ts', args)
    mesh.add(peer)
    const load = mesh.load()
    const plan = { ...(await subscribers(scenario, peer.port)), dialect: 'plain' } as const
    await load.ask('open', { ...plan, count: 1, windowBytes: 1 })
    await load.ask('open', { ...plan, count: scenario.subscribers - 1 })
    const paced = eventsPerSecond > 0
    const pace = { kind: 'rate', perSecond: eventsPerSecond } as const
    const traffic = { ...publishing(scenario, mesh.nats.url), pace }
    const sending = await measure(options, load, peer.pid, scenario, paced ? traffic : undefined)
    return say(options, `peer, prebuilt frames${paced ? ', paced' : ''}, ${scenario.name}`, sending)
  } finally {
    await mesh.stop()
  }
}
