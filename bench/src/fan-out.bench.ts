/**
 * What a delivery costs the hub: subscribers on raw sockets, 200-byte events through a real nats-server, published as fast
 * as the slowest part takes them. Figures are entries that reached a socket, a CPU second of the process that sent them.
 */
import { BenchMesh } from './bench-mesh.ts'
import type { Benchmark, BenchmarkOptions, Budget } from './benchmark.ts'
import { benchToken, type HubProcess } from './hub-process.ts'
import type { OpenPlan, PublishPlan } from './load/load-plan.ts'
import type { LoadProcess } from './load/load-process.ts'
import { PeerProcess } from './peer-process.ts'
import { cpuSeconds } from './process-usage.ts'
import { profiled } from './profiled.ts'

export const fanOut: Benchmark = {
  name: 'fan-out',
  title: 'deliveries a CPU second, against one send an event, topics, nats-server and prebuilt frames',
  run: runFanOut,
}

async function runFanOut(options: BenchmarkOptions): Promise<void> {
  const one = oneChannel(500)
  const silent = { ...one, name: `${one.name} that never acknowledge`, windowBytes: 0 }
  const each = await peerFigure(options, 'each')
  const topics = await peerFigure(options, 'topics')
  const nats = await natsFigure(options)
  const hub = await besidePrebuilt(options, one)
  const hubSilent = await besidePrebuilt(options, silent)
  ratio(options, 'hub / one send an event', hub / each.perCpuSecond)
  ratio(options, 'hub / topics of uWebSockets.js', hub / topics.perCpuSecond)
  ratio(options, "hub / nats-server's own WebSocket", hub / nats.perCpuSecond)
  // Its clients acknowledge nothing, so this is the same work.
  ratio(options, "hub that hears no acknowledgements / nats-server's own WebSocket", hubSilent / nats.perCpuSecond, {
    atLeast: 10,
  })
  for (const scenario of [oneChannel(5_000), channels(1_000, 5), channels(5_000, 1)]) {
    const hub = await hubFigure(options, scenario)
    const paced = await prebuiltFigure(options, scenario, hub, hub.eventsPerSecond)
    ratio(options, `${scenario.name} / prebuilt frames, as many a second`, hub.perCpuSecond / paced.perCpuSecond)
  }
}

/**
 * The hub, and prebuilt frames of the same size: as many a second as the hub sent, beside the same traffic through NATS, and
 * as fast as the clients take them, beside none. In turns, since the machine is not the same from one half minute to the
 * next. Gives what the hub delivers a CPU second.
 */
async function besidePrebuilt(options: BenchmarkOptions, scenario: Scenario): Promise<number> {
  const turns: Record<'hub' | 'paced' | 'flatOut', number>[] = []
  for (let turn = 0; turn < (options.quick ? 1 : 3); turn++) {
    const hub = await hubFigure(options, scenario, { atLeast: 12e6 })
    const paced = await prebuiltFigure(options, scenario, hub, hub.eventsPerSecond)
    const flatOut = await prebuiltFigure(options, scenario, hub, 0)
    turns.push({ hub: hub.perCpuSecond, paced: paced.perCpuSecond, flatOut: flatOut.perCpuSecond })
  }
  const mean = (of: (turn: (typeof turns)[number]) => number): number =>
    turns.reduce((sum, turn) => sum + of(turn), 0) / turns.length
  const name = `${scenario.name} / prebuilt frames`
  ratio(
    options,
    `${name}, as many a second`,
    mean(({ hub, paced }) => hub / paced),
    { atLeast: 0.8 },
  )
  ratio(
    options,
    `${name}, as fast as it goes`,
    mean(({ hub, flatOut }) => hub / flatOut),
  )
  return mean(({ hub }) => hub)
}

function ratio({ report }: BenchmarkOptions, name: string, value: number, budget?: Budget): void {
  report({ name, value, unit: 'x', ...(budget && { budget }) })
}

interface Scenario {
  readonly name: string
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
}

async function hubFigure(options: BenchmarkOptions, scenario: Scenario, budget?: Budget): Promise<Sending> {
  const mesh = await BenchMesh.start()
  try {
    const hub = await mesh.hub({ inspect: options.profiles !== undefined })
    const load = mesh.load()
    await load.ask('open', await subscribers(scenario, hub.port))
    const sending = await measure(options, load, hub.pid, scenario, publishing(scenario, mesh.nats.url), hub)
    return say(options, `hub, ${scenario.name}`, sending, budget)
  } finally {
    await mesh.stop()
  }
}

async function peerFigure(options: BenchmarkOptions, kind: 'each' | 'topics'): Promise<Sending> {
  const mesh = await BenchMesh.start()
  try {
    const peer = await PeerProcess.start('bench/src/peers/fan-out-peer.ts', [kind, mesh.nats.url])
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

/** The CPU of nats-server, less what it takes for the same events without a subscriber. */
async function natsFigure(options: BenchmarkOptions): Promise<Sending> {
  const mesh = await BenchMesh.start('websocket { listen: "127.0.0.1:-1", no_tls: true }')
  try {
    const load = mesh.load()
    const scenario = oneChannel(500)
    const port = mesh.nats.websocketPort ?? 0
    const plan = { ...(await subscribers(scenario, port)), dialect: 'nats', filter: 'live.main.events.>' } as const
    await load.ask('open', plan)
    const sending = await measure(options, load, mesh.nats.pid, scenario, publishing(scenario, mesh.nats.url))
    await load.ask('close')
    const before = cpuSeconds(mesh.nats.pid)
    const pace = { kind: 'rate', perSecond: 2_000 } as const
    const { events } = await load.ask('publish', { ...publishing(scenario, mesh.nats.url), ms: 2_000, pace })
    const inbound = (cpuSeconds(mesh.nats.pid) - before) / events
    const cpu = 1 / sending.perCpuSecond - inbound / scenario.deliveries
    say(options, "peer, nats-server's own WebSocket with its inbound", sending)
    return say(options, "peer, nats-server's own WebSocket", { ...sending, perCpuSecond: 1 / cpu })
  } finally {
    await mesh.stop()
  }
}

/** Batches as large as the hub's; at 0 events a second as fast as it goes, else beside so many through NATS. */
async function prebuiltFigure(
  options: BenchmarkOptions,
  scenario: Scenario,
  { batchEntries }: Sending,
  eventsPerSecond: number,
): Promise<Sending> {
  const mesh = await BenchMesh.start()
  try {
    const entries = Math.round(batchEntries)
    const args = ['prebuilt', entries, eventBytes, scenario.channels, eventsPerSecond / entries].map(String)
    const peer = await PeerProcess.start('bench/src/peers/fan-out-peer.ts', args)
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
    dialect: 'weir',
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
  const published = traffic && load.ask('publish', { ...traffic, ms: ms + 2_000 })
  await sleep(1_200)
  const [cpuBefore, before, start] = [cpuSeconds(pid), await load.ask('tally'), performance.now()]
  await (hub === undefined ? sleep(ms) : profiled(options, hub, `fan-out ${scenario.name}`, () => sleep(ms)))
  const [cpuAfter, after, end] = [cpuSeconds(pid), await load.ask('tally'), performance.now()]
  await published
  const { faultCount, faults, closed } = await load.ask('tally')
  if (faultCount > 0 || closed > 0) throw new Error(`${closed} sockets closed, ${faultCount} faults: ${faults}`)
  const entries = after.entries - before.entries
  const seconds = (end - start) / 1000
  return {
    perCpuSecond: entries / (cpuAfter - cpuBefore),
    perSecond: entries / seconds,
    eventsPerSecond: entries / scenario.deliveries / seconds,
    batchEntries: entries / (after.batches - before.batches),
    megabytesPerSecond: (after.bytes - before.bytes) / seconds / 1e6,
    acksPerSecond: (after.acks - before.acks) / seconds,
    cpuShare: (cpuAfter - cpuBefore) / seconds,
  }
}

function say({ report }: BenchmarkOptions, name: string, sending: Sending, budget?: Budget): Sending {
  const { perCpuSecond, perSecond, eventsPerSecond, batchEntries, megabytesPerSecond, acksPerSecond, cpuShare } =
    sending
  const note = [
    `${(perSecond / 1e6).toFixed(2)} M/s at ${(100 * cpuShare).toFixed(0)}% of a core`,
    `${Math.round(eventsPerSecond)} events/s`,
    `${batchEntries.toFixed(1)} entries a batch`,
    `${Math.round(megabytesPerSecond)} MB/s`,
    `${Math.round(acksPerSecond)} acks/s`,
  ].join(', ')
  report({
    name,
    value: perCpuSecond / 1e6,
    unit: 'M deliveries/CPU s',
    note,
    ...(budget && { budget: scaled(budget) }),
  })
  return sending
}

function scaled(budget: Budget): Budget {
  return 'atLeast' in budget ? { atLeast: budget.atLeast / 1e6 } : { atMost: budget.atMost / 1e6 }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
