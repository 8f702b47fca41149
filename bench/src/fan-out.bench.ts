/**
 * What a delivery costs the hub: subscribers on raw sockets, 200-byte events through a real
 * nats-server, published as fast as the slowest part takes them. Figures are entries that reached a
 * socket, a CPU second of the process that sent them.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { BenchMesh } from './hub/bench-mesh.ts'
import { benchToken, type HubProcess } from './hub/hub-process.ts'
import { profiled } from './hub/profiled.ts'
import type { OpenPlan, PublishPlan } from './load/load-plan.ts'
import type { LoadProcess } from './load/load-process.ts'
import { PeerProcess } from './processes/peer-process.ts'
import { cpuSeconds, cpuTimes } from './processes/process-usage.ts'
import type { Benchmark, BenchmarkOptions } from './report/benchmark.ts'
import { type Figure, rounded } from './report/figure.ts'

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

/** A row for the hub beside a peer, by the mean of the turns of each. */
function compare(
  { report }: BenchmarkOptions,
  name: string,
  hub: readonly number[],
  peer: readonly number[],
  peerName: string,
  rest: Pick<Figure, 'budget' | 'void'> = {},
): void {
  const ratio = mean(hub.map((value, turn) => value / (peer[turn] ?? Number.NaN)))
  report({ name, ...perCpuSecond(hub), peer: { name: peerName, value: mean(peer) / 1e6, ratio }, ...rest })
}

function perCpuSecond(turns: readonly number[]): Pick<Figure, 'value' | 'unit' | 'spread'> {
  const millions = turns.map((value) => value / 1e6)
  return { value: mean(millions), unit: 'M deliveries/CPU s', ...(turns.length > 1 && { spread: millions }) }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

interface Scenario {
  readonly name: string
  /** How its subscribers speak; weir.v1 unless it says otherwise. */
  readonly dialect?: 'json' | 'sse'
  readonly subscribers: number
  readonly channels: number
  readonly filter: string
  readonly subjects: number
  /** Sockets that each event goes to. */
  readonly deliveries: number
  /** Events on their way: few enough that they fit in the window of each. */
  readonly inFlight: number
  readonly windowBytes: number
}

const windowBytes = 262_144
/** For so long the sockets fill, and a process compiles what is hot. */
const warmUpMs = 4_000
const eventBytes = 200

function oneChannel(subscribers: number): Scenario {
  const name = `${subscribers} subscribers in one channel`
  const inFlight = subscribers > 1_000 ? 250 : 700
  const deliveries = subscribers
  return { name, subscribers, channels: 1, filter: 'bench.>', subjects: 100, deliveries, inFlight, windowBytes }
}

function channels(count: number, of: number): Scenario {
  return {
    name: `${count} channels of ${of}`,
    subscribers: count * of,
    channels: count,
    filter: 'bench.s{channel}',
    subjects: count,
    deliveries: of,
    inFlight: 4_000,
    windowBytes,
  }
}

/** What a sender did in a measured time. */
interface Sending {
  readonly perCpuSecond: number
  readonly perSecond: number
  readonly eventsPerSecond: number
  readonly batchEntries: number
  readonly megabytesPerSecond: number
  readonly acksPerSecond: number
  readonly cpuShare: number
  /** Of its CPU, in the system: nearly all of it sends. */
  readonly systemShare: number
}

async function hubTurn(options: BenchmarkOptions, scenario: Scenario): Promise<Sending> {
  const mesh = await BenchMesh.start()
  try {
    const hub = await mesh.hub({ inspect: options.profiles !== undefined })
    const load = mesh.load()
    await load.ask('open', await subscribers(scenario, hub.port))
    const sending = await measure(options, load, hub.pid, scenario, publishing(scenario, mesh.nats.url), hub)
    return say(options, `hub, ${scenario.name}`, sending)
  } finally {
    await mesh.stop()
  }
}

async function peerTurn(options: BenchmarkOptions, kind: 'each' | 'topics'): Promise<Sending> {
  const mesh = await BenchMesh.start()
  try {
    const peer = await PeerProcess.start('bench/src/hub/fan-out-peer.ts', [kind, mesh.nats.url])
    mesh.add(peer)
    const load = mesh.load()
    const scenario = oneChannel(500)
    await load.ask('open', { ...(await subscribers(scenario, peer.port)), dialect: 'plain', windowBytes: 0 })
    const sending = await measure(options, load, peer.pid, scenario, publishing(scenario, mesh.nats.url))
    return say(options, kind === 'each' ? 'peer, one send an event' : 'peer, topics of uWebSockets.js', sending)
  } finally {
    await mesh.stop()
  }
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

async function subscribers(scenario: Scenario, port: number): Promise<OpenPlan> {
  return {
    port,
    dialect: scenario.dialect ?? 'weir',
    count: scenario.subscribers,
    channels: scenario.channels,
    filter: scenario.filter,
    mode: 'ALL',
    windowBytes: scenario.windowBytes,
    tokens: [await benchToken()],
    atOnce: 100,
  }
}

function publishing({ subjects, inFlight, deliveries }: Scenario, natsUrl: string): Omit<PublishPlan, 'ms'> {
  return { natsUrl, subjects, eventBytes, pace: { kind: 'loop', inFlight, deliveries } }
}

/** Publishes as `traffic` says and compares two looks at the process that sends. */
async function measure(
  options: BenchmarkOptions,
  load: LoadProcess,
  pid: number,
  scenario: Scenario,
  traffic: Omit<PublishPlan, 'ms'> | undefined,
  hub?: HubProcess,
): Promise<Sending> {
  const ms = options.quick ? 1_500 : 6_000
  const published = traffic && load.ask('publish', { ...traffic, ms: ms + warmUpMs + 800 })
  await sleep(warmUpMs)
  const [cpuBefore, before, start] = [cpuTimes(pid), await load.ask('tally'), performance.now()]
  await (hub === undefined ? sleep(ms) : profiled(options, hub, `fan-out ${scenario.name}`, () => sleep(ms)))
  const [cpuAfter, after, end] = [cpuTimes(pid), await load.ask('tally'), performance.now()]
  await published
  const { faultCount, faults, closed } = await load.ask('tally')
  if (faultCount > 0 || closed > 0) throw new Error(`${closed} sockets closed, ${faultCount} faults: ${faults}`)
  const entries = after.entries - before.entries
  const seconds = (end - start) / 1000
  const system = cpuAfter.system - cpuBefore.system
  const cpu = cpuAfter.user - cpuBefore.user + system
  return {
    perCpuSecond: entries / cpu,
    perSecond: entries / seconds,
    eventsPerSecond: entries / scenario.deliveries / seconds,
    batchEntries: entries / (after.batches - before.batches),
    megabytesPerSecond: (after.bytes - before.bytes) / seconds / 1e6,
    acksPerSecond: (after.acks - before.acks) / seconds,
    cpuShare: cpu / seconds,
    systemShare: system / cpu,
  }
}

/** Shows one turn; what is reported is made of all of them. */
function say({ progress }: BenchmarkOptions, name: string, sending: Sending): Sending {
  const { perCpuSecond, perSecond, eventsPerSecond, batchEntries, megabytesPerSecond, acksPerSecond } = sending
  const note = [
    `${(perSecond / 1e6).toFixed(2)} M/s at ${percent(sending.cpuShare)} of a core`,
    `${percent(sending.systemShare)} of it in the system`,
    `${Math.round(eventsPerSecond)} events/s`,
    `${batchEntries.toFixed(1)} entries a batch`,
    `${Math.round(megabytesPerSecond)} MB/s`,
    `${Math.round(acksPerSecond)} acks/s`,
  ].join(', ')
  progress(`${name.padEnd(52)} ${rounded(perCpuSecond / 1e6).padStart(9)} M deliveries/CPU s  ${note}`)
  return sending
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)}%`
}
