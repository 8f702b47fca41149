/**
 * What slow clients cost the others: 800 subscribers that keep up, alone and beside 100 that read nothing and 100 that read a
 * tenth of what comes, in turns. And what becomes of the slow ones: none is disconnected, each has the newest value soon
 * after it reads again, and none costs the hub more memory than its window.
 */
import { BenchMesh } from './bench-mesh.ts'
import type { Benchmark, BenchmarkOptions } from './benchmark.ts'
import { benchToken, type HubProcess } from './hub-process.ts'
import { Inspector } from './inspector.ts'
import { LatencyHistogram } from './load/latency-histogram.ts'
import type { OpenPlan } from './load/load-plan.ts'
import type { LoadProcess } from './load/load-process.ts'
import { residentBytes } from './process-usage.ts'

export const slowClients: Benchmark = {
  name: 'slow-clients',
  title: 'the latency of 800 subscribers beside 200 that are slow, and how those fare',
  run: runSlowClients,
}

const healthyCount = 800
const slowCount = 100
const eventsPerSecond = 1_000
const eventBytes = 200

async function runSlowClients(options: BenchmarkOptions): Promise<void> {
  await withWindow(options, 262_144)
  await withWindow(options, 0)
}

async function withWindow(options: BenchmarkOptions, windowBytes: number): Promise<void> {
  const mesh = await BenchMesh.start()
  try {
    const hub = await mesh.hub({ inspect: true })
    const inspector = await Inspector.connect(hub.inspectorUrl)
    const [publisher, healthy] = [mesh.load(), mesh.load()]
    const plan: OpenPlan = {
      port: hub.port,
      dialect: 'weir',
      count: healthyCount,
      channels: 1,
      filter: 'bench.>',
      mode: 'ALL',
      windowBytes: 262_144,
      checkSubjects: 0,
      tokens: [await benchToken()],
      atOnce: 100,
    }
    await healthy.ask('open', plan)
    const ms = options.quick ? 1_500 : 6_000
    const turns = options.quick ? 1 : 5
    const pace = { kind: 'rate', perSecond: eventsPerSecond } as const
    const published = publisher.ask('publish', {
      natsUrl: mesh.nats.url,
      ms: 600_000,
      subjects: 100,
      eventBytes,
      pace,
    })
    await sleep(2_000)
    const alone: number[] = []
    const beside: Beside[] = []
    for (let turn = 0; turn < turns; turn++) {
      alone.push(await p99Of(healthy, ms))
      const slow = { ...plan, mode: 'LATEST', windowBytes, count: slowCount } as const
      beside.push(await besideSlow(mesh, hub, inspector, healthy, slow, ms))
    }
    await publisher.ask('halt')
    await published
    report(options, windowBytes, alone, beside)
    inspector.close()
  } finally {
    await mesh.stop()
  }
}

interface Beside {
  readonly p99: number
  readonly convergedMs: readonly number[]
  readonly residentBytes: number
  readonly socketBytes: number
}

async function besideSlow(
  mesh: BenchMesh,
  hub: HubProcess,
  inspector: Inspector,
  healthy: LoadProcess,
  plan: OpenPlan,
  ms: number,
): Promise<Beside> {
  await inspector.collectGarbage()
  const before = residentBytes(hub.pid)
  const slow = [mesh.load(), mesh.load()] as const
  for (const load of slow) await load.ask('open', plan)
  await slow[0].ask('read', { kind: 'none' })
  await slow[1].ask('read', { kind: 'rate', bytes: (eventsPerSecond * (eventBytes + 20)) / 10 })
  await sleep(1_500)
  const p99 = await p99Of(healthy, ms)
  const { socket_bytes: socketBytes = Number.NaN } = await hub.metrics()
  await inspector.collectGarbage()
  const grown = residentBytes(hub.pid) - before
  const convergedMs = await Promise.all(
    slow.map(async (load) => {
      await load.ask('read', { kind: 'all' })
      const took = await load.ask('caughtUp', { ms: 10_000 })
      const { closed, faultCount, faults } = await load.ask('tally')
      if (closed > 0 || faultCount > 0)
        throw new Error(`${closed} slow clients were closed; ${faultCount} faults: ${faults}`)
      return took.length < plan.count ? Number.POSITIVE_INFINITY : Math.max(...took)
    }),
  )
  for (const load of slow) await load.stop()
  await sleep(500)
  return { p99, convergedMs, residentBytes: grown / (2 * plan.count), socketBytes: socketBytes / (2 * plan.count) }
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
  const figures = (values: readonly number[]): string => values.map((value) => value.toFixed(2)).join(', ')
  options.report({
    name: `${title}: p99 of the others, beside / alone`,
    value: median(p99s) / median(alone),
    unit: 'x',
    note: `alone ${figures(alone)} ms, beside ${figures(p99s)} ms`,
    ...(acknowledging && { budget: { atMost: 1.1 } }),
  })
  const names = ['that read nothing', 'that read a tenth'] as const
  for (const [index, name] of names.entries()) {
    const value = Math.max(...beside.map(({ convergedMs }) => convergedMs[index] ?? Number.NaN))
    const budget = { atMost: 1_000 }
    options.report({ name: `${title}: newest value to the last ${name}`, value, unit: 'ms', budget })
  }
  options.report({
    name: `${title}: memory a slow client`,
    value: Math.max(...beside.map((each) => each.residentBytes)),
    unit: 'bytes',
    note: `in the buffer of its socket ${Math.round(Math.max(...beside.map((each) => each.socketBytes)))} bytes`,
    budget: { atMost: acknowledging ? window : 65_536 + 65_536 },
  })
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
