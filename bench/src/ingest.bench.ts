import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { connectNats, createLogger, defaultTenantSpec, mintToken, provisionTenant } from '@weir/mesh'
import { startNats, type TestNats } from '@weir/mesh/testing'
import type { Load } from './ingest/ingest-load.ts'
import type { PlanName } from './ingest/ingest-requests.ts'
import type { MqttLoad } from './ingest/mqtt-load.ts'
import { cpuSeconds } from './processes/process-usage.ts'
import { fileOf, lastLine } from './processes/programs.ts'
import { startRedis } from './processes/redis-server.ts'
import type { Benchmark, BenchmarkOptions } from './report/benchmark.ts'
import type { Budget, Peer } from './report/figure.ts'

/**
 * Guards the budgets of ingest: requests of one event, batches of 500 and OTLP points, with the
 * load generator and nats-server on the same machine, beside what the same events cost with nothing
 * but a publisher.
 */
export const ingest: Benchmark = {
  name: 'ingest',
  title: 'events from HTTP requests to acknowledgements of the stream',
  run,
}

interface Plan {
  readonly name: PlanName
  /** Connections that have a request under way. */
  readonly connections: number
  readonly unit: string
  readonly budget: Budget
  /** Of what the bare Publisher stores. */
  readonly ratioBudget?: Budget
}

export const oneJson: Plan = { name: 'one-json', connections: 128, unit: 'requests/s', budget: { atLeast: 25_000 } }

export const batchProtobuf: Plan = {
  name: 'batch-protobuf',
  connections: 16,
  unit: 'events/s',
  budget: { atLeast: 100_000 },
  ratioBudget: { atLeast: 0.6, of: 'ratio' },
}

const plans: readonly Plan[] = [
  oneJson,
  { name: 'batch-json', connections: 16, unit: 'events/s', budget: { atLeast: 60_000 } },
  batchProtobuf,
  { name: 'otlp-protobuf', connections: 16, unit: 'points/s', budget: { atLeast: 50_000 } },
  { name: 'line-protocol', connections: 16, unit: 'points/s', budget: { atLeast: 100_000 } },
  { name: 'remote-write', connections: 16, unit: 'samples/s', budget: { atLeast: 100_000 } },
  { name: 'remote-write-2', connections: 16, unit: 'samples/s', budget: { atLeast: 100_000 } },
]

async function run({ quick, report }: BenchmarkOptions): Promise<void> {
  const ms = quick ? 1_000 : 5_000
  const publisher = await withNats((nats) => peer(nats.url, 'publisher', ms))
  const js = await withNats((nats) => peer(nats.url, 'js', ms))
  const redis = await redisPerSecond(ms)
  const inBatches = (budget?: Budget): readonly BudgetedPeer[] => [
    { name: 'the bare Publisher, 16 batches of 500', value: publisher, ...(budget && { budget }) },
    { name: 'js.publish, 16 batches of 500', value: js },
  ]
  const one = redis === undefined ? [] : [{ name: 'a handler over Redis, SET EX and PUBLISH', value: redis }]
  for (const plan of plans) {
    await withNats(async (nats) => {
      const service = await startIngest(nats)
      try {
        await measure(service, plan, ms, plan === oneJson ? one : inBatches(plan.ratioBudget), report)
      } finally {
        await service.stop()
      }
    })
  }
  for (const version of ['3.1.1', '5'] as const) {
    await withNats(async (nats) => {
      const service = await startIngest(nats)
      try {
        await measureMqtt(service, version, ms, report)
      } finally {
        await service.stop()
      }
    })
  }
}

/** Devices with messages of QoS 1, each acknowledged when it is stored. */
async function measureMqtt(
  service: IngestProcess,
  version: '3.1.1' | '5',
  ms: number,
  report: BenchmarkOptions['report'],
): Promise<void> {
  const { mqttPort, token, pid, natsPid } = service
  const publish = async (ms: number): Promise<MqttLoad> => {
    const args = [mqttPort, token, version === '5' ? 5 : 4, MQTT_CONNECTIONS, MQTT_WINDOW, ms]
    return (await lastLine('ingest/mqtt-load.ts', args.map(String))) as MqttLoad
  }
  await publish(Math.min(ms, 1_000))
  const pids = [pid, natsPid]
  const before = pids.map(cpuSeconds)
  const { acknowledged, seconds, cpuSeconds: generator } = await publish(ms)
  const spent = [...pids.map((each, at) => cpuSeconds(each) - (before[at] ?? 0)), generator]
  const name = `mqtt-${version}`
  report({ name, value: acknowledged / seconds, unit: 'messages/s', budget: { atLeast: 20_000 } })
  for (const [at, who] of ['ingest', 'nats-server', 'the generator'].entries()) {
    report({ name: `${name}, CPU of ${who}`, value: ((spent[at] ?? 0) / acknowledged) * 1e6, unit: 'us a message' })
  }
}

const MQTT_CONNECTIONS = 50
/** Messages under way on each. */
const MQTT_WINDOW = 20

/**
 * A server of its own for each measurement: it remembers the ids of two minutes, and slows down as
 * they grow.
 */
export async function withNats<T>(action: (nats: TestNats) => Promise<T>): Promise<T> {
  const nats = await startNats()
  try {
    const nc = await connectNats({ url: nats.url, name: 'bench', log: createLogger('bench', 'warn') })
    await provisionTenant(nc, 'main', defaultTenantSpec)
    await nc.close()
    return await action(nats)
  } finally {
    await nats.stop()
  }
}

interface BudgetedPeer extends Peer {
  readonly budget?: Budget
}

/**
 * For so long the runtime of ingest compiles what is hot, and nats-server, whose heap is small,
 * collects it all the time. The first 30,000 samples of remote write cost them 18 and 12 us of CPU
 * each, those after 50,000 half as much.
 */
const WARM_UP_MS = 3_000

/** The whole load first, then half of it for the latencies. */
async function measure(
  service: IngestProcess,
  plan: Plan,
  ms: number,
  peers: readonly BudgetedPeer[],
  report: BenchmarkOptions['report'],
): Promise<void> {
  const { name, unit, budget } = plan
  await load(service, plan, Math.min(ms, WARM_UP_MS))
  const pids = [service.pid, service.natsPid]
  const before = pids.map(cpuSeconds)
  const full = await load(service, plan, ms)
  const spent = [...pids.map((pid, at) => cpuSeconds(pid) - (before[at] ?? 0)), full.cpuSeconds]
  const half = await load(service, plan, ms, full.requests / full.seconds / 2)
  const value = full.records / full.seconds
  report({ name, value, unit, budget })
  for (const peer of peers) report({ name, value, unit, peer, ...(peer.budget && { budget: peer.budget }) })
  for (const [at, who] of ['ingest', 'nats-server', 'the generator'].entries()) {
    report({ name: `${name}, CPU of ${who}`, value: ((spent[at] ?? 0) / full.records) * 1e6, unit: 'us a record' })
  }
  report({ name: `${name} at half load, p50`, value: half.p50Ms, unit: 'ms' })
  report({ name: `${name} at half load, p99`, value: half.p99Ms, unit: 'ms' })
}

/** The same requests of one event against a handler over Redis, where redis-server is installed. */
async function redisPerSecond(ms: number): Promise<number | undefined> {
  const redis = await startRedis()
  if (redis === undefined) return undefined
  const secret = crypto.randomUUID()
  const child = spawn(process.execPath, [fileOf('bench/src/ingest/ingest-redis.ts'), String(redis.port), secret], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const target = { port: await saidPort(child), token: await mintToken(secret, grant) }
    await load(target, oneJson, Math.min(ms, 1_000))
    const full = await load(target, oneJson, ms)
    return full.records / full.seconds
  } finally {
    child.kill('SIGKILL')
    await redis.stop()
  }
}

export async function load(service: Target, plan: Plan, ms: number, perSecond?: number): Promise<Load> {
  const { port, token } = service
  const args = [port, token, plan.name, plan.connections, ms, ...(perSecond === undefined ? [] : [perSecond])]
  const result = (await lastLine('ingest/ingest-load.ts', args.map(String))) as Load
  const others = Object.keys(result.statuses).filter((status) => status !== '200' && status !== '204')
  if (others.length > 0)
    throw new Error(`${plan.name}: not every answer is 200 or 204: ${JSON.stringify(result.statuses)}`)
  return result
}

async function peer(url: string, kind: 'publisher' | 'js', ms: number): Promise<number> {
  return ((await lastLine('ingest/ingest-peer.ts', [url, kind, String(ms)])) as { perSecond: number }).perSecond
}

/** What the load is sent to. */
interface Target {
  readonly port: number
  /** May publish everywhere in the tenant main. */
  readonly token: string
}

interface IngestProcess extends Target {
  readonly mqttPort: number
  readonly pid: number
  readonly natsPid: number
  stop(): Promise<void>
}

const grant = { tenant: 'main', subject: 'bench', publish: ['>'], subscribe: [], ttlSeconds: 3600 }

/** On this runtime, as in production; BENCH_INGEST is another command, as `bun --cpu-prof`. */
export async function startIngest(nats: TestNats): Promise<IngestProcess> {
  const secret = crypto.randomUUID()
  const folder = await mkdtemp(join(tmpdir(), 'weir-bench-'))
  const [command = '', ...args] = process.env.BENCH_INGEST?.split(' ') ?? [process.execPath]
  const child = spawn(command, [...args, fileOf('ingest/src/main.ts')], {
    cwd: folder,
    env: {
      ...process.env,
      WEIR_NATS_URL: nats.url,
      WEIR_JWT_SECRET: secret,
      WEIR_INGEST_PORT: '0',
      WEIR_INGEST_ADMIN_PORT: '0',
      WEIR_MQTT: 'true',
      WEIR_MQTT_PORT: '0',
      WEIR_INGEST_EVENTS_PER_SECOND: '10000000',
      WEIR_INGEST_BYTES_PER_SECOND: '10GiB',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [port, mqttPort] = await Promise.all([saidPort(child), saidPort(child, 'mqttPort')])
  return {
    pid: child.pid ?? 0,
    natsPid: nats.pid,
    port,
    mqttPort,
    token: await mintToken(secret, grant),
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      await ended
      await rm(folder, { recursive: true })
    },
  }
}

/** From the first line that says where it listens. */
function saidPort(child: ChildProcess, name: 'port' | 'mqttPort' = 'port'): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = ''
    child.once('exit', () => reject(new Error(`It ended at its start:\n${said}`)))
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const port = new RegExp(`"${name}":(\\d+)`).exec(said)?.[1]
      if (port !== undefined) resolve(Number(port))
    })
  })
}
