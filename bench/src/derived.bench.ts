/**
 * Guards the budgets of state that is derived: how fast the projector works through stored events
 * into counts by state and into rates of counters, with nats-server on the same machine.
 */
import { create, toBinary } from '@bufbuild/protobuf'
import { EventSchema, timestampFromMilliseconds } from '@weir/proto'
import { cpuSeconds, residentBytes } from './processes/process-usage.ts'
import { ProjectorProcess } from './projector/projector-process.ts'
import { fill, projectorMesh, type StoredEvent, workedThrough } from './projector/stored-events.ts'
import type { Benchmark, BenchmarkOptions } from './report/benchmark.ts'
import { inTurns } from './report/turns.ts'

export const derived: Benchmark = {
  name: 'derived',
  title: 'counts of entities by their state, and rates of counters',
  run,
}

const keys = 10_000
const bucket = 'bucket: latest, ttl: 1h, quota: 256MiB'

async function run(options: BenchmarkOptions): Promise<void> {
  const count = 'name: derived, kind: count, state: data.status'
  const byBranch = `{ ${count}, key: 'branch.{data.branch}', ${bucket} }`
  await measure(options, 'count, 10000 entities under 100 keys', byBranch, order)
  await measure(options, 'count, 10000 entities under 10000 keys', `{ ${count}, key: 'own.{1}', ${bucket} }`, order)
  const rate = `{ name: derived, kind: rate, metrics: [requests], ${bucket} }`
  await measure(options, 'rate, 10000 keys', rate, counter)
}

async function measure(
  { quick, report }: BenchmarkOptions,
  name: string,
  projection: string,
  eventAt: (at: number) => StoredEvent,
): Promise<void> {
  const cpus: number[] = []
  const memory: number[] = []
  const { best, note, spread } = await inTurns(quick, async () => {
    const mesh = await projectorMesh()
    try {
      const events = quick ? 100_000 : 500_000
      await fill(mesh, events, eventAt)
      const service = await ProjectorProcess.start(mesh.nats.url, `projections: [${projection}]`)
      mesh.add(service)
      const seconds = await workedThrough(service, 'events_total', 'derived', events)
      cpus.push((cpuSeconds(service.pid) / events) * 1e6)
      memory.push(residentBytes(service.pid) / 1024 ** 2)
      const writes = await service.metric('writes_total', 'derived')
      return { value: events / seconds, note: `${Math.round(writes)} writes for ${events} events` }
    } finally {
      await mesh.stop()
    }
  })
  report({ name, value: best, unit: 'events/s', spread, budget: { atLeast: 100_000 }, note })
  report({ name: `${name}, CPU of projector`, value: Math.min(...cpus), unit: 'us/event', spread: cpus })
  report({ name: `${name}, resident memory`, value: Math.max(...memory), unit: 'MiB', spread: memory })
}

const states = ['pending', 'cooking', 'ready', 'delivered'] as const

/** An order in plain JSON, some 150 bytes. */
function order(at: number): StoredEvent {
  const number = at % keys
  const data = {
    order: `o${number}`,
    branch: `b${number % 100}`,
    status: states[Math.floor(at / keys) % 4],
    total: 12.5,
  }
  return encoded(`orders.o${number}`, at, { case: 'json', value: JSON.stringify(data) })
}

function counter(at: number): StoredEvent {
  const reading = { metrics: { requests: Math.floor(at / keys) * 7 }, units: { requests: '1' } }
  return encoded(`requests.k${at % keys}`, at, { case: 'reading', value: reading })
}

function encoded(
  subject: string,
  at: number,
  data: NonNullable<Parameters<typeof create<typeof EventSchema>>[1]>['data'],
): StoredEvent {
  const time = timestampFromMilliseconds(Date.now())
  const init = { id: `e${at}`, type: 'bench.derived', source: 'bench/derived', ...(time === undefined ? {} : { time }) }
  return {
    subject,
    bytes: toBinary(EventSchema, create(EventSchema, { ...init, ...(data === undefined ? {} : { data }) })),
  }
}
