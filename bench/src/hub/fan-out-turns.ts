// Turns of a fan-out: who sends, to which subscribers, and what a CPU second of it delivers.

import { setTimeout as sleep } from 'node:timers/promises'
import { LatencyHistogram } from '../load/latency-histogram.ts'
import type { OpenPlan, PublishPlan } from '../load/load-plan.ts'
import type { LoadProcess } from '../load/load-process.ts'
import { PeerProcess } from '../processes/peer-process.ts'
import { cpuTimes } from '../processes/process-usage.ts'
import type { BenchmarkOptions } from '../report/benchmark.ts'
import { type Figure, rounded } from '../report/figure.ts'
import { BenchMesh } from './bench-mesh.ts'
import { benchToken, type HubProcess } from './hub-process.ts'
import { profiled } from './profiled.ts'

export interface Scenario {
  readonly name: string
  /** How its subscribers speak; weir.v1 unless it says otherwise. */
  readonly dialect?: 'json' | 'sse' | 'centrifuge'
  readonly subscribers: number
  readonly channels: number
  readonly filter: string
  readonly subjects: number
  /** Sockets that each event goes to. */
  readonly deliveries: number
  /** Events on their way: few enough that they fit in the window of each. */
  readonly inFlight: number
  /** Events a second; as many as there may be on their way where it is not said. */
  readonly perSecond?: number
  readonly windowBytes: number
}

const windowBytes = 262_144
/** For so long the sockets fill, and a process compiles what is hot. */
const warmUpMs = 4_000
export const eventBytes = 200

export function oneChannel(subscribers: number): Scenario {
  const name = `${subscribers} subscribers in one channel`
  const inFlight = subscribers > 1_000 ? 250 : 700
  const deliveries = subscribers
  return { name, subscribers, channels: 1, filter: 'bench.>', subjects: 100, deliveries, inFlight, windowBytes }
}

export function channels(count: number, of: number): Scenario {
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
export interface Sending {
  readonly perCpuSecond: number
  readonly perSecond: number
  readonly eventsPerSecond: number
  readonly batchEntries: number
  readonly megabytesPerSecond: number
  readonly acksPerSecond: number
  readonly cpuShare: number
  /** Of its CPU, in the system: nearly all of it sends. */
  readonly systemShare: number
  /** From publication to the socket, of the oldest event of a batch; NaN where nobody looked. */
  readonly p50Ms: number
  readonly p99Ms: number
}

export async function hubTurn(
  options: BenchmarkOptions,
  scenario: Scenario,
  settings: Readonly<Record<string, string>> = {},
): Promise<Sending> {
  const mesh = await BenchMesh.start()
  try {
    const hub = await mesh.hub({ inspect: options.profiles !== undefined, settings })
    const load = mesh.load()
    await load.ask('open', await subscribers(scenario, hub.port))
    const sending = await measure(options, load, hub.pid, scenario, publishing(scenario, mesh.nats.url), hub)
    return say(options, `hub, ${scenario.name}`, sending)
  } finally {
    await mesh.stop()
  }
}

export async function peerTurn(options: BenchmarkOptions, kind: 'each' | 'topics'): Promise<Sending> {
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

export async function subscribers(scenario: Scenario, port: number): Promise<OpenPlan> {
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

export function publishing(scenario: Scenario, natsUrl: string): Omit<PublishPlan, 'ms'> {
  const { subjects, inFlight, deliveries, perSecond } = scenario
  const pace = perSecond === undefined ? ({ kind: 'loop', inFlight, deliveries } as const) : rate(perSecond)
  return { natsUrl, subjects, eventBytes, pace }
}

function rate(perSecond: number): PublishPlan['pace'] {
  return { kind: 'rate', perSecond }
}

/** Publishes as `traffic` says and compares two looks at the process that sends. */
export async function measure(
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
  await load.ask('clearLatencies')
  const [cpuBefore, before, start] = [cpuTimes(pid), await load.ask('tally'), performance.now()]
  await (hub === undefined ? sleep(ms) : profiled(options, hub, `fan-out ${scenario.name}`, () => sleep(ms)))
  const [cpuAfter, after, end] = [cpuTimes(pid), await load.ask('tally'), performance.now()]
  await published
  const { faultCount, faults, closed } = after
  if (faultCount > 0 || closed > 0) throw new Error(`${closed} sockets closed, ${faultCount} faults: ${faults}`)
  const latencies = new LatencyHistogram()
  latencies.merge(after.latencies)
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
    p50Ms: latencies.quantile(0.5) / 1000,
    p99Ms: latencies.quantile(0.99) / 1000,
  }
}

/** Shows one turn; what is reported is made of all of them. */
export function say({ progress }: BenchmarkOptions, name: string, sending: Sending): Sending {
  const { perCpuSecond, perSecond, eventsPerSecond, batchEntries, megabytesPerSecond, acksPerSecond } = sending
  const { p50Ms, p99Ms } = sending
  const note = [
    `${(perSecond / 1e6).toFixed(2)} M/s at ${percent(sending.cpuShare)} of a core`,
    `${percent(sending.systemShare)} of it in the system`,
    `${Math.round(eventsPerSecond)} events/s`,
    `${batchEntries.toFixed(1)} entries a batch`,
    `${Math.round(megabytesPerSecond)} MB/s`,
    `${Math.round(acksPerSecond)} acks/s`,
    ...(Number.isNaN(p50Ms) ? [] : [`p50 ${rounded(p50Ms)} ms, p99 ${rounded(p99Ms)} ms`]),
  ].join(', ')
  progress(`${name.padEnd(52)} ${rounded(perCpuSecond / 1e6).padStart(9)} M deliveries/CPU s  ${note}`)
  return sending
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(0)}%`
}

/** A row for the hub beside a peer, by the mean of the turns of each. */
export function compare(
  { report }: BenchmarkOptions,
  name: string,
  hub: readonly number[],
  peer: readonly number[],
  peerName: string,
  rest: Pick<Figure, 'budget' | 'void' | 'note'> = {},
): void {
  const ratio = mean(hub.map((value, turn) => value / (peer[turn] ?? Number.NaN)))
  report({ name, ...perCpuSecond(hub), peer: { name: peerName, value: mean(peer) / 1e6, ratio }, ...rest })
}

export function perCpuSecond(turns: readonly number[]): Pick<Figure, 'value' | 'unit' | 'spread'> {
  const millions = turns.map((value) => value / 1e6)
  return { value: mean(millions), unit: 'M deliveries/CPU s', ...(turns.length > 1 && { spread: millions }) }
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
