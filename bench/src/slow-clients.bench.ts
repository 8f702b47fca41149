/**
 * What slow clients cost the others: 800 subscribers that keep up, alone and beside 100 that read
 * nothing and 100 that read a tenth of what comes, in turns. And what becomes of the slow ones:
 * none is disconnected, each has the newest value soon after it reads again, and none costs the hub
 * more memory than its window.
 *
 * Slow ones that never acknowledge are held by the answers to pings. A figure is void where the
 * slow ones did not read what they were to, or were not held.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { BenchMesh } from './hub/bench-mesh.ts'
import { benchToken, type HubProcess } from './hub/hub-process.ts'
import { LatencyHistogram } from './load/latency-histogram.ts'
import type { OpenPlan, Published } from './load/load-plan.ts'
import type { LoadProcess } from './load/load-process.ts'
import { Inspector } from './processes/inspector.ts'
import { residentBytes } from './processes/process-usage.ts'
import type { Benchmark, BenchmarkOptions } from './report/benchmark.ts'
import type { Figure } from './report/figure.ts'

export const slowClients: Benchmark = {
  name: 'slow-clients',
  title: 'the latency of 800 subscribers beside 200 that are slow, and how those fare',
  run: runSlowClients,
}

const healthyCount = 800
const slowCount = 100
const eventsPerSecond = 1_000
/** While the recent log is being filled. */
const fillingPerSecond = 5_000
/**
 * So small that it is full from the first turn on: what it grows by would count as memory of the
 * slow ones.
 */
const ringBytes: number = 4 * 1024 * 1024
const eventBytes = 200
/** With its subject and its place. */
const entryBytes: number = eventBytes + 20
const windowBytes = 262_144
/** A reader of a tenth is now and then with the others for a moment. */
const heldShare = 0.9

const kinds = [
  { name: 'that read nothing', bytesPerSecond: 0 },
  { name: 'that read a tenth', bytesPerSecond: (eventsPerSecond * entryBytes) / 10 },
] as const
type Kind = (typeof kinds)[number]

async function runSlowClients(options: BenchmarkOptions): Promise<void> {
  await withWindow(options, windowBytes)
  await withWindow(options, 0)
}

async function withWindow(options: BenchmarkOptions, window: number): Promise<void> {
  const mesh = await BenchMesh.start()
  try {
    const hub = await mesh.hub({ inspect: true, settings: { WEIR_HUB_RING_BYTES: String(ringBytes) } })
    const inspector = await Inspector.connect(hub.inspectorUrl)
    const healthy = mesh.load()
    const plan: OpenPlan = {
      port: hub.port,
      dialect: 'weir',
      count: healthyCount,
      channels: 1,
      filter: 'bench.>',
      mode: 'ALL',
      windowBytes,
      tokens: [await benchToken()],
      atOnce: 100,
    }
    await healthy.ask('open', plan)
    const ms = options.quick ? 1_500 : 6_000
    const turns = options.quick ? 1 : 5
    const stream = new Stream(mesh)
    stream.start(fillingPerSecond)
    await sleep((1.5 * 1000 * ringBytes) / (fillingPerSecond * entryBytes))
    await stream.change(eventsPerSecond)
    await sleep(2_000)
    const alone: number[] = []
    const beside: Beside[] = []
    const slow: OpenPlan = { ...plan, mode: 'LATEST', windowBytes: window, count: slowCount, readBytesMax: 4_096 }
    for (let turn = 0; turn < turns; turn++) {
      alone.push(await p99Of(healthy, ms))
      beside.push(await besideSlow({ mesh, hub, inspector, healthy }, slow, ms))
    }
    await stream.halt()
    report(options, window, alone, beside)
    inspector.close()
  } finally {
    await mesh.stop()
  }
}

interface Stage {
  readonly mesh: BenchMesh
  readonly hub: HubProcess
  readonly inspector: Inspector
  readonly healthy: LoadProcess
}

/** The events that are published, at one rate after another. */
class Stream {
  readonly #natsUrl: string
  readonly #publisher: LoadProcess
  #published: Promise<Published> | undefined

  constructor(mesh: BenchMesh) {
    this.#natsUrl = mesh.nats.url
    this.#publisher = mesh.load()
  }

  start(perSecond: number): void {
    const plan = { natsUrl: this.#natsUrl, ms: 600_000, subjects: 100, eventBytes }
    this.#published = this.#publisher.ask('publish', { ...plan, pace: { kind: 'rate', perSecond } })
  }

  async change(perSecond: number): Promise<void> {
    await this.halt()
    this.start(perSecond)
  }

  async halt(): Promise<void> {
    await this.#publisher.ask('halt')
    await this.#published
  }
}

interface Beside {
  /** Of the others. */
  readonly p99: number
  /** By the index of their kind. */
  readonly slow: readonly SlowFigures[]
  /** Of the slow ones, those that were behind. */
  readonly heldShare: number
  readonly socketBytes: number
}

/** Of one kind of slow clients. */
interface SlowFigures {
  readonly convergedMs: number
  /** Of one client. */
  readonly residentBytes: number
  /** What the one that read least and the one that read most have read a second. */
  readonly readBytes: readonly [least: number, most: number]
}

async function besideSlow(stage: Stage, plan: OpenPlan, ms: number): Promise<Beside> {
  const { hub, inspector, healthy } = stage
  const resident = async (): Promise<number> => {
    await inspector.collectGarbage()
    return residentBytes(hub.pid)
  }
  const held = [await resident()]
  const loads: LoadProcess[] = []
  for (const kind of kinds) {
    loads.push(await openSlow(stage, plan, kind))
    held.push(await resident())
  }
  const readBefore = await Promise.all(loads.map((load) => load.ask('bytesRead')))
  const start = performance.now()
  const p99 = await p99Of(healthy, ms)
  const readAfter = await Promise.all(loads.map((load) => load.ask('bytesRead')))
  const seconds = (performance.now() - start) / 1000
  const { socket_bytes: socketBytes = Number.NaN, behind = 0 } = await hub.metrics()
  const convergedMs = await Promise.all(loads.map((load) => converged(load, plan.count)))
  for (const load of loads) await load.stop()
  await sleep(500)
  return {
    p99,
    heldShare: behind / (kinds.length * plan.count),
    socketBytes: socketBytes / (kinds.length * plan.count),
    slow: kinds.map((_, index) => {
      const read = (readAfter[index] ?? []).map((bytes, place) => (bytes - (readBefore[index]?.[place] ?? 0)) / seconds)
      return {
        convergedMs: convergedMs[index] ?? Number.NaN,
        residentBytes: ((held[index + 1] ?? Number.NaN) - (held[index] ?? Number.NaN)) / plan.count,
        readBytes: [Math.min(...read), Math.max(...read)],
      }
    }),
  }
}

/** Opens the slow clients of one kind, and waits until the hub holds back what it has for them. */
async function openSlow({ mesh, hub }: Stage, plan: OpenPlan, kind: Kind): Promise<LoadProcess> {
  const { behind: before = 0 } = await hub.metrics()
  const load = mesh.load()
  // The slow ones are on the core of those that are measured.
  load.yieldToOthers(true)
  await load.ask('open', plan)
  const { bytesPerSecond: bytes } = kind
  await load.ask('read', bytes === 0 ? { kind: 'none' } : { kind: 'rate', bytes })
  await held(hub, before + plan.count)
  return load
}

/** Until the hub holds back so many; half a minute at most. */
async function held(hub: HubProcess, count: number): Promise<void> {
  for (let turn = 0; turn < 30; turn++) {
    await sleep(1_000)
    const { behind = 0 } = await hub.metrics()
    if (behind >= count * heldShare) return
  }
}

/**
 * How long it takes until each, reading everything again, has a value that was published after now.
 */
async function converged(load: LoadProcess, count: number): Promise<number> {
  load.yieldToOthers(false)
  await load.ask('read', { kind: 'all' })
  const took = await load.ask('caughtUp', { ms: 10_000 })
  const { closed, faultCount, faults } = await load.ask('tally')
  if (closed > 0 || faultCount > 0)
    throw new Error(`${closed} slow clients were closed; ${faultCount} faults: ${faults}`)
  return took.length < count ? Number.POSITIVE_INFINITY : Math.max(...took)
}

/** Of the next so many milliseconds. */
async function p99Of(load: LoadProcess, ms: number): Promise<number> {
  await load.ask('clearLatencies')
  await sleep(ms)
  const { latencies, closed, faultCount, faults } = await load.ask('tally')
  if (closed > 0 || faultCount > 0)
    throw new Error(`${closed} healthy clients were closed; ${faultCount} faults: ${faults}`)
  const histogram = new LatencyHistogram()
  histogram.merge(latencies)
  return histogram.quantile(0.99) / 1000
}

function report(options: BenchmarkOptions, window: number, alone: readonly number[], beside: readonly Beside[]): void {
  const acknowledging = window > 0
  const title = acknowledging ? 'slow ones acknowledge' : 'slow ones never acknowledge'
  const p99s = beside.map(({ p99 }) => p99)
  const socketBytes = Math.max(...beside.map((each) => each.socketBytes))
  const unheld = beside.some((each) => each.heldShare < heldShare) ? 'the slow ones were not held' : undefined
  const misread = kinds.map((kind, index) => misreading(kind, beside, index))
  const say = (figure: Figure): void => options.report({ ...figure, name: `${title}: ${figure.name}` })
  say({
    name: 'p99 of the others',
    value: median(p99s),
    unit: 'ms',
    spread: p99s,
    peer: { name: 'the same without slow ones', value: median(alone) },
    note: `alone ${alone.map((value) => value.toFixed(2)).join(', ')} ms`,
    budget: { atMost: 1.1, of: 'ratio' },
    void: unheld ?? misread.find(Boolean),
  })
  for (const [index, { name, bytesPerSecond }] of kinds.entries()) {
    const [least, most] = readBytes(beside, index)
    const figures = beside.flatMap(({ slow }) => slow[index] ?? [])
    say({
      name: `newest value to the last ${name}`,
      value: Math.max(...figures.map(({ convergedMs }) => convergedMs)),
      unit: 'ms',
      spread: figures.map(({ convergedMs }) => convergedMs),
      note: `read ${Math.round(least)} to ${Math.round(most)} bytes/s of ${bytesPerSecond}`,
      budget: { atMost: 1_000 },
      void: unheld ?? misread[index],
    })
    // The first turn tells most: later ones find memory that the hub has kept of those before.
    const resident = figures.map((each) => each.residentBytes)
    say({
      name: `memory of one ${name}`,
      value: Math.max(...resident),
      unit: 'bytes',
      spread: resident,
      note: `in the buffer of a socket ${Math.round(socketBytes)} bytes, the mean of both kinds`,
      budget: { atMost: acknowledging ? window : 16_384 + 65_536 },
      void: unheld ?? misread[index],
    })
  }
}

/**
 * Why what was measured beside the clients of a kind says nothing; undefined when they read what
 * they were to.
 */
function misreading({ name, bytesPerSecond }: Kind, beside: readonly Beside[], index: number): string | undefined {
  const [least, most] = readBytes(beside, index)
  if (least >= bytesPerSecond / 2 && most <= bytesPerSecond * 2) return undefined
  return `those ${name} read ${Math.round(least)} to ${Math.round(most)} bytes/s, not ${bytesPerSecond}`
}

/** The least and the most that a client of a kind has read a second, of all turns. */
function readBytes(beside: readonly Beside[], index: number): readonly [least: number, most: number] {
  const read = beside.flatMap(({ slow }) => slow[index]?.readBytes ?? [])
  return [Math.min(...read), Math.max(...read)]
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}
