/**
 * Guards the budgets of the projector: how fast it works through stored events into a bucket and
 * into Postgres, how soon after its publication an event can be read, and what a read of one key
 * costs; all with nats-server on the same machine.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { create, toBinary } from '@bufbuild/protobuf'
import { bucketName, Kvm, type NatsConnection, Publisher } from '@weir/mesh'
import { EventSchema } from '@weir/proto'
import { cpuSeconds, cpuSecondsOfAll, residentBytes } from './processes/process-usage.ts'
import { lastLine } from './processes/programs.ts'
import { type BenchDatabase, startPglite, startPostgres } from './projector/projector-databases.ts'
import { ProjectorProcess, readToken } from './projector/projector-process.ts'
import { redisSetsPerSecond } from './projector/projector-redis.ts'
import { fill, projectorMesh, type StoredEvent, workedThrough } from './projector/stored-events.ts'
import type { Benchmark, BenchmarkOptions } from './report/benchmark.ts'
import { bestOf, inTurns, type Turn } from './report/turns.ts'

export const projector: Benchmark = {
  name: 'projector',
  title: 'state, history and reads, against one KV put an event and Redis',
  run,
}

const latestOnly = 'projections: [{ name: latest, kind: latest }]'
const historyOnly = 'projections: [{ name: history, kind: history }]'

async function run(options: BenchmarkOptions): Promise<void> {
  const { quick } = options
  const redis = await redisSetsPerSecond(1_000, eventBytes(), quick ? 500 : 3_000)
  for (const keys of [1_000, 100_000]) await measureLatest(options, keys, redis)
  if (!quick) await measureQuota(options)
  await measureLag(options)
  await measureHistory(options, startPglite)
  await measureHistory(options, startPostgres)
}

/** Stored events into the bucket, then reads of what is there. */
async function measureLatest(options: BenchmarkOptions, keys: number, redis: number | undefined): Promise<void> {
  const { quick, report } = options
  const puts: number[] = []
  const reads: Turn[] = []
  const memory: number[] = []
  const cpus: { readonly projector: number; readonly nats: number }[] = []
  const { best, note, spread } = await inTurns(quick, async () => {
    const mesh = await projectorMesh()
    try {
      puts.push(await putsPerSecond(mesh.nc, quick ? 500 : 2_000))
      const events = quick ? Math.max(keys, 50_000) : 400_000
      await fill(mesh, events, benchEvent(keys))
      const natsBefore = cpuSeconds(mesh.nats.pid)
      const service = await ProjectorProcess.start(mesh.nats.url, latestOnly)
      mesh.add(service)
      const seconds = await workedThrough(service, 'events_total', 'latest', events)
      const [own, nats] = [cpuSeconds(service.pid), cpuSeconds(mesh.nats.pid) - natsBefore]
      const writes = await service.metric('writes_total', 'latest')
      cpus.push({ projector: (own / events) * 1e6, nats: (nats / events) * 1e6 })
      const note = `${Math.round(writes)} writes for ${events} events`
      memory.push(residentBytes(service.pid) / 1024 ** 2)
      if (keys > 1_000) reads.push(await readsPerSecond(quick, service, keys))
      return { value: events / seconds, note }
    } finally {
      await mesh.stop()
    }
  })
  const name = `latest over ${keys} keys`
  const unit = 'events/s'
  report({ name, value: best, unit, spread, budget: { atLeast: 50_000 }, note })
  report({ name, value: best, unit, peer: { name: 'one awaited KV put an event', value: Math.max(...puts) } })
  if (redis !== undefined) report({ name, value: best, unit, peer: { name: 'Redis SET EX, pipelined', value: redis } })
  for (const who of ['projector', 'nats'] as const) {
    const each = cpus.map((cpu) => cpu[who])
    const of = who === 'nats' ? 'nats-server' : who
    report({ name: `${name}, CPU of ${of}`, value: Math.min(...each), unit: 'us/event', spread: each })
  }
  report({ name: `${name}, resident memory`, value: Math.max(...memory), unit: 'MiB', spread: memory })
  if (reads.length === 0) return
  const { best: value, note: times, spread: others } = bestOf(reads)
  report({
    name: 'state by key',
    value,
    unit: 'requests/s',
    spread: others,
    budget: { atLeast: 10_000 },
    note: times,
  })
}

/**
 * A million keys, which is more than the bucket has room for: what does not fit is refused, and
 * what is there goes on.
 */
async function measureQuota({ report }: BenchmarkOptions): Promise<void> {
  const mesh = await projectorMesh()
  try {
    const keys = 1_000_000
    await fill(mesh, keys, benchEvent(keys))
    const service = await ProjectorProcess.start(mesh.nats.url, latestOnly)
    mesh.add(service)
    await workedThrough(service, 'events_total', 'latest', keys)
    let [written, refused] = [0, 0]
    while (written + refused < keys) {
      await sleep(100)
      written = await service.metric('writes_total', 'latest')
      refused = await service.metric('refused_keys_total', 'latest')
    }
    const memory = residentBytes(service.pid) / 1024 ** 2
    const note = `${written} written, ${refused} refused for the quota of 256 MiB`
    report({ name: 'a million keys, resident memory', value: memory, unit: 'MiB', note })
  } finally {
    await mesh.stop()
  }
}

async function readsPerSecond(quick: boolean, service: ProjectorProcess, keys: number): Promise<Turn> {
  const args = [service.port, await readToken(), 32, keys, quick ? 1_000 : 4_000].map(String)
  const { perSecond, p50Ms, p99Ms, failures } = (await lastLine('projector/projector-load.ts', args)) as Record<
    string,
    number
  >
  if (failures !== 0) throw new Error(`${failures} reads failed`)
  return {
    value: perSecond ?? 0,
    note: `p50 ${p50Ms?.toFixed(1)} ms, p99 ${p99Ms?.toFixed(1)} ms, 32 connections`,
  }
}

/**
 * From the call that publishes to the republication of the value: a read that comes after it sees
 * the value.
 */
async function measureLag({ quick, report }: BenchmarkOptions): Promise<void> {
  const mesh = await projectorMesh()
  try {
    const service = await ProjectorProcess.start(mesh.nats.url, latestOnly)
    mesh.add(service)
    const publisher = new Publisher(mesh.nc)
    const sentMs = new Map<string, number>()
    const lags: number[] = []
    mesh.nc.subscribe('live.main.latest.bench.>', {
      callback: (_error, message) => {
        const sent = sentMs.get(message.subject.slice('live.main.latest.'.length))
        if (sent !== undefined) lags.push(performance.now() - sent)
      },
    })
    const perSecond = 5_000
    const began = performance.now()
    const durationMs = quick ? 1_500 : 6_000
    for (let sent = 0; performance.now() - began < durationMs; ) {
      const due = ((performance.now() - began) / 1000) * perSecond
      for (; sent < due; sent++) {
        const subject = `bench.k${sent % 2_500}`
        sentMs.set(subject, performance.now())
        void publisher.publish('main', subject, `${began}-${sent}`, eventBytes())
      }
      await sleep(1)
    }
    await sleep(200)
    // The first second is the runtime finding its feet.
    const settled = lags.slice(perSecond / 2).sort((a, b) => a - b)
    const at = (share: number): number => settled[Math.floor((settled.length - 1) * share)] ?? Number.NaN
    const note = `${settled.length} values, 5,000 events/s over 2,500 keys`
    report({ name: 'from publish to readable, p50', value: at(0.5), unit: 'ms', budget: { atMost: 10 }, note })
    report({ name: 'from publish to readable, p99', value: at(0.99), unit: 'ms', budget: { atMost: 50 } })
  } finally {
    await mesh.stop()
  }
}

async function measureHistory(
  { quick, report }: BenchmarkOptions,
  start: () => Promise<BenchDatabase | undefined>,
): Promise<void> {
  let into = ''
  const cpus: { readonly projector: number; readonly database: number }[] = []
  const { best, spread } = await inTurns(quick, async () => {
    const database = await start()
    if (database === undefined) return undefined
    into = database.name
    const mesh = await projectorMesh()
    try {
      const events = quick ? 40_000 : 300_000
      await fill(mesh, events, benchEvent(1_000))
      const service = await ProjectorProcess.start(mesh.nats.url, historyOnly, database.url)
      mesh.add(service)
      const before = cpuSecondsOfAll(database.pid)
      const seconds = await workedThrough(service, 'history_rows_total', 'history', events)
      const each = (cpu: number): number => (cpu / events) * 1e6
      const spent = cpuSecondsOfAll(database.pid) - before
      cpus.push({ projector: each(cpuSeconds(service.pid)), database: each(spent) })
      return { value: events / seconds, note: '' }
    } finally {
      await mesh.stop()
      await database.stop()
    }
  })
  if (into === '') return
  const name = `history into ${into}`
  report({ name, value: best, unit: 'rows/s', spread, budget: { atLeast: 40_000 } })
  for (const who of ['projector', 'database'] as const) {
    const each = cpus.map((cpu) => cpu[who])
    report({ name: `${name}, CPU of the ${who}`, value: Math.min(...each), unit: 'us/row', spread: each })
  }
}

async function putsPerSecond(nc: NatsConnection, puts: number): Promise<number> {
  const bucket = await new Kvm(nc).open(bucketName('main', 'latest'))
  const began = performance.now()
  for (let at = 0; at < puts; at++) await bucket.put(`peer.k${at % 1_000}`, eventBytes())
  return puts / ((performance.now() - began) / 1000)
}

function benchEvent(keys: number): (at: number) => StoredEvent {
  return (at) => ({ subject: `bench.k${at % keys}`, bytes: eventBytes() })
}

/** A reading of some 200 bytes. */
function eventBytes(): Uint8Array {
  return encoded
}

const encoded: Uint8Array = toBinary(
  EventSchema,
  create(EventSchema, {
    id: crypto.randomUUID(),
    type: 'bench.reading',
    source: 'bench/projector',
    time: { $typeName: 'google.protobuf.Timestamp', seconds: BigInt(Math.floor(Date.now() / 1000)), nanos: 5_000_000 },
    labels: { site: 'north', line: 'l17' },
    data: {
      case: 'reading',
      value: { metrics: { temperature: 21.5, humidity: 40.25, pressure: 1013.2 }, units: { temperature: 'Cel' } },
    },
  }),
)
