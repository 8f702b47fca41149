/**
 * Ingest under load, with the load generator and nats-server on the same machine: requests of one event, batches of 500 in
 * JSON and Protobuf, OTLP points, and the latency at half of the load that was reached; against the bare Publisher and
 * js.publish in the same run.
 *
 *   bun bench/src/ingest.bench.ts [--quick] [plan]...
 *
 * BENCH_RUNTIME="node --cpu-prof" runs ingest by another command.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { connectNats, createLogger, defaultTenantSpec, mintToken, provisionTenant } from '@weir/mesh'
import { startNats } from '@weir/mesh/testing'
import type { Load } from './ingest-load.ts'
import { type PlanName, planNames } from './ingest-requests.ts'

export interface IngestResult {
  readonly name: string
  readonly perSecond: number
  /** Of the bare Publisher's events a second, where both count events. */
  readonly ratio?: number
  /** At half of `perSecond`. */
  readonly p50Ms?: number
  readonly p99Ms?: number
  /** CPU microseconds of the ingest process a record. */
  readonly cpuUs?: number
}

export interface IngestBenchOptions {
  /** How long each measurement lasts. */
  readonly ms: number
  readonly plans?: readonly PlanName[]
  /** The runtime that runs ingest; Bun is the one of production. */
  readonly runtime?: readonly string[]
}

export async function ingestBench(options: IngestBenchOptions): Promise<IngestResult[]> {
  const nats = await startNats()
  const log = createLogger('bench', 'warn')
  const nc = await connectNats({ url: nats.url, name: 'bench', log })
  await provisionTenant(nc, 'main', defaultTenantSpec)
  await nc.close()
  const ingest = await startIngest(nats.url, options.runtime ?? [process.execPath])
  try {
    const results: IngestResult[] = []
    const publisher = await peer(nats.url, 'publisher', options.ms)
    results.push({ name: 'peer: Publisher, 16 batches of 500 under way', perSecond: publisher })
    results.push({ name: 'peer: js.publish, the same', perSecond: await peer(nats.url, 'js', options.ms) })
    for (const plan of options.plans ?? planNames) {
      results.push(await measure(ingest, plan, options.ms, publisher))
    }
    return results
  } finally {
    await ingest.stop()
    await nats.stop()
  }
}

/** The whole load first, then half of it for the latencies. */
async function measure(ingest: RunningIngest, plan: PlanName, ms: number, publisher: number): Promise<IngestResult> {
  const connections = plan === 'one-json' ? 64 : 16
  await load(ingest, plan, connections, Math.min(ms, 1_000))
  const before = cpuSeconds(ingest.pid)
  const full = await load(ingest, plan, connections, ms)
  const cpuUs = ((cpuSeconds(ingest.pid) - before) / full.records) * 1e6
  const half = await load(ingest, plan, connections, ms, full.requests / full.seconds / 2)
  const perSecond = full.records / full.seconds
  return {
    name: plan,
    perSecond,
    ...(plan === 'one-json' ? {} : { ratio: perSecond / publisher }),
    p50Ms: half.p50Ms,
    p99Ms: half.p99Ms,
    cpuUs,
  }
}

async function load(
  ingest: RunningIngest,
  plan: PlanName,
  connections: number,
  ms: number,
  perSecond = 0,
): Promise<Load> {
  const { port, token } = ingest
  const args = [port, token, plan, connections, ms, ...(perSecond === 0 ? [] : [perSecond])].map(String)
  const result = (await lastLine('ingest-load.ts', args)) as Load
  const others = Object.keys(result.statuses).filter((status) => status !== '200')
  if (others.length > 0) throw new Error(`${plan}: not every answer was 200: ${JSON.stringify(result.statuses)}`)
  return result
}

async function peer(url: string, kind: 'publisher' | 'js', ms: number): Promise<number> {
  return ((await lastLine('ingest-peer.ts', [url, kind, String(ms)])) as { perSecond: number }).perSecond
}

/** Runs a script of this folder and reads the last line that it writes. */
async function lastLine(script: string, args: readonly string[]): Promise<unknown> {
  const child = spawn(process.execPath, [fileURLToPath(new URL(script, import.meta.url)), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  if (code !== 0) throw new Error(`${script} ended with ${code}`)
  return JSON.parse(output.trim().split('\n').at(-1) ?? '')
}

interface RunningIngest {
  readonly pid: number
  readonly port: number
  readonly token: string
  stop(): Promise<void>
}

async function startIngest(natsUrl: string, runtime: readonly string[]): Promise<RunningIngest> {
  const secret = crypto.randomUUID()
  const folder = await mkdtemp(join(tmpdir(), 'weir-bench-'))
  const [command = '', ...args] = runtime
  const main = fileURLToPath(new URL('../../ingest/src/main.ts', import.meta.url))
  const child = spawn(command, [...args, main], {
    cwd: folder,
    env: {
      ...process.env,
      WEIR_NATS_URL: natsUrl,
      WEIR_JWT_SECRET: secret,
      WEIR_INGEST_PORT: '0',
      WEIR_INGEST_ADMIN_PORT: '0',
      WEIR_INGEST_EVENTS_PER_SECOND: '10000000',
      WEIR_INGEST_BYTES_PER_SECOND: '10GiB',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const port = await listeningPort(child)
  return {
    pid: child.pid ?? 0,
    port,
    token: await mintToken(secret, {
      tenant: 'main',
      subject: 'bench',
      publish: ['>'],
      subscribe: [],
      ttlSeconds: 3600,
    }),
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      await ended
      await rm(folder, { recursive: true })
    },
  }
}

/** From the log line that says where it listens. */
function listeningPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = ''
    child.once('exit', () => reject(new Error(`ingest ended at its start:\n${said}`)))
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const port = /"port":(\d+)/.exec(said)?.[1]
      if (port !== undefined) resolve(Number(port))
    })
  })
}

/** User and system time of a process, from /proc; NaN where there is none. */
function cpuSeconds(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) / 100
  } catch {
    return Number.NaN
  }
}

if (import.meta.main) {
  const plans = planNames.filter((name) => process.argv.includes(name))
  const results = await ingestBench({
    ms: process.argv.includes('--quick') ? 1_000 : 5_000,
    ...(plans.length > 0 ? { plans } : {}),
    ...(process.env.BENCH_RUNTIME === undefined ? {} : { runtime: process.env.BENCH_RUNTIME.split(' ') }),
  })
  for (const { name, perSecond, ratio, p50Ms, p99Ms, cpuUs } of results) {
    const parts = [`${name.padEnd(46)} ${Math.round(perSecond).toLocaleString('en').padStart(9)}/s`]
    if (ratio !== undefined) parts.push(`${ratio.toFixed(2)} x Publisher`)
    if (cpuUs !== undefined) parts.push(`CPU ${cpuUs.toFixed(1)} us`)
    if (p50Ms !== undefined && p99Ms !== undefined) {
      parts.push(`at half load p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`)
    }
    console.log(parts.join('  '))
  }
}
