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
  const { report } = options
  const one = oneChannel(500)
  const silent = { ...one, name: `${one.name} that never acknowledge`, windowBytes: 0 }
  const each = await peerFigure(options, 'each')
  const topics = await peerFigure(options, 'topics')
  const nats = await natsFigure(options)
  // In turns, since the machine is not the same from one half minute to the next.
  const turns: Record<'hub' | 'prebuilt' | 'hubSilent' | 'prebuiltSilent', number>[] = []
  for (let turn = 0; turn < (options.quick ? 1 : 3); turn++) {
    const hub = await hubFigure(options, one, { atLeast: 12e6 })
    const prebuilt = await prebuiltFigure(options, one, hub.batchEntries)
    const hubSilent = await hubFigure(options, silent, { atLeast: 12e6 })
    const prebuiltSilent = await prebuiltFigure(options, silent, hubSilent.batchEntries)
    turns.push({
      hub: hub.perCpuSecond,
      prebuilt: prebuilt.perCpuSecond,
      hubSilent: hubSilent.perCpuSecond,
      prebuiltSilent: prebuiltSilent.perCpuSecond,
    })
  }
  const mean = (of: (turn: (typeof turns)[number]) => number): number =>
    turns.reduce((sum, turn) => sum + of(turn), 0) / turns.length
  const hub = mean((turn) => turn.hub)
  const ratio = (name: string, value: number, budget?: Budget): void =>
    report({ name, value, unit: 'x', ...(budget && { budget }) })
  ratio('hub / one send an event', hub / each.perCpuSecond)
  ratio('hub / topics of uWebSockets.js', hub / topics.perCpuSecond)
  ratio("hub / nats-server's own WebSocket", hub / nats.perCpuSecond, { atLeast: 10 })
  ratio(
    'hub / prebuilt frames, clients acknowledge',
    mean((turn) => turn.hub / turn.prebuilt),
    { atLeast: 0.8 },
  )
  ratio(
    'hub / prebuilt frames, clients never acknowledge',
    mean((turn) => turn.hubSilent / turn.prebuiltSilent),
    {
      atLeast: 0.8,
    },
  )
  await hubFigure(options, oneChannel(5_000))
  await hubFigure(options, channels(1_000, 5))
  await hubFigure(options, channels(5_000, 1))
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
    const sending = await measure(options, load, hub.pid, scenario, mesh.nats.url, hub)
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
    const sending = await measure(options, load, peer.pid, scenario, mesh.nats.url)
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
    const sending = await measure(options, load, mesh.nats.pid, scenario, mesh.nats.url)
    await load.ask('close')
    const before = cpuSeconds(mesh.nats.pid)
    const pace = { kind: 'rate', perSecond: 2_000 } as const
    const { events } = await load.ask('publish', { ...publishing(scenario, mesh.nats.url, 2_000), pace })
    const inbound = (cpuSeconds(mesh.nats.pid) - before) / events
    const cpu = 1 / sending.perCpuSecond - inbound / scenario.deliveries
    say(options, "peer, nats-server's own WebSocket with its inbound", sending)
    return say(options, "peer, nats-server's own WebSocket", { ...sending, perCpuSecond: 1 / cpu })
  } finally {
    await mesh.stop()
  }
}

async function prebuiltFigure(options: BenchmarkOptions, scenario: Scenario, entries: number): Promise<Sending> {
  const mesh = await BenchMesh.start()
  try {
    const args = ['prebuilt', String(Math.round(entries)), '200']
    const peer = await PeerProcess.start('bench/src/peers/fan-out-peer.ts', args)
    mesh.add(peer)
    const load = mesh.load()
    const plan = { ...(await subscribers(scenario, peer.port)), dialect: 'plain' } as const
    await load.ask('open', { ...plan, count: 1, windowBytes: 1 })
    await load.ask('open', { ...plan, count: scenario.subscribers - 1 })
    return say(options, `peer, prebuilt frames, ${scenario.name}`, await measure(options, load, peer.pid))
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
    checkSubjects: 0,
    tokens: [await benchToken()],
    atOnce: 100,
  }
}

function publishing({ subjects, inFlight, deliveries }: Scenario, natsUrl: string, ms: number): PublishPlan {
  return { natsUrl, ms, subjects, eventBytes: 200, pace: { kind: 'loop', inFlight, deliveries } }
}

/** Publishes, unless the sender makes its own events, and compares two looks at the process that sends. */
async function measure(
  options: BenchmarkOptions,
  load: LoadProcess,
  pid: number,
  scenario?: Scenario,
  natsUrl = '',
  hub?: HubProcess,
): Promise<Sending> {
  const ms = options.quick ? 1_500 : 6_000
  const published = scenario && load.ask('publish', publishing(scenario, natsUrl, ms + 2_000))
  await sleep(1_200)
  const [cpuBefore, before, start] = [cpuSeconds(pid), await load.ask('tally'), performance.now()]
  await (hub === undefined ? sleep(ms) : profiled(options, hub, `fan-out ${scenario?.name}`, () => sleep(ms)))
  const [cpuAfter, after, end] = [cpuSeconds(pid), await load.ask('tally'), performance.now()]
  await published
  const { faultCount, faults, closed } = await load.ask('tally')
  if (faultCount > 0 || closed > 0) throw new Error(`${closed} sockets closed, ${faultCount} faults: ${faults}`)
  const entries = after.entries - before.entries
  const seconds = (end - start) / 1000
  return {
    perCpuSecond: entries / (cpuAfter - cpuBefore),
    perSecond: entries / seconds,
    eventsPerSecond: entries / (scenario?.deliveries ?? 1) / seconds,
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
