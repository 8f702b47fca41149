import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { create, toBinary } from '@bufbuild/protobuf'
import {
  connectNats,
  createLogger,
  eventStream,
  type NatsConnection,
  provisionTenant,
  sequenceAt,
  streamState,
} from '@weir/mesh'
import { startNats, type TestNats } from '@weir/mesh/testing'
import { EventSchema, timestampFromMilliseconds } from '@weir/proto'
import fc from 'fast-check'
import {
  assertCounts,
  assertLatest,
  assertMerged,
  assertNewest,
  assertNewestWindows,
  assertRates,
  assertWindows,
} from '../../test/equality.ts'
import { storedEvents } from '../../test/stream-contents.ts'
import type { AlertSpec } from '../declaration/alert-spec.ts'
import type { CountSpec } from '../declaration/count-spec.ts'
import { loadProjections } from '../declaration/file/load.ts'
import type { EventRecord } from '../event/event-record.ts'
import { selectMetrics } from '../event/metric-selection.ts'
import { wholePartition } from '../event/partition.ts'
import { isOpen, type RecordedAlert, recordedAlert } from '../kinds/alert/alert-log.ts'
import { AlertMachine } from '../kinds/alert/alert-machine.ts'
import { AlertProjection } from '../kinds/alert/alert-projection.ts'
import { isLater } from '../kinds/alert/cause.ts'
import { CountProjection } from '../kinds/count/count-projection.ts'
import { LatestProjection } from '../kinds/latest/latest-projection.ts'
import { MergeProjection } from '../kinds/merge/merge-projection.ts'
import { RateProjection } from '../kinds/rate/rate-projection.ts'
import { WindowProjection } from '../kinds/window/window-projection.ts'
import { limits } from '../limits.ts'
import type { Projection } from '../run/projection.ts'
import { compileKeyTemplate } from '../template/template.ts'

const log = createLogger('test', 'fatal')
const ruleText = "{ name: p, kind: alert, from: '>', when: metrics.a > 0, message: 'a is {metric.a}' }"
const declaredRule = loadProjections(`projections: [${ruleText}]`, 'projections.yaml')[0] as AlertSpec
/** Says what it has to say anew with every event. */
const ruleByTime: AlertSpec = { ...declaredRule, order: 'time', everyMs: 0 }
const ruleByStoring: AlertSpec = { ...declaredRule, order: 'stored', everyMs: 3_600_000 }
const declaredCount = loadProjections(
  "projections: [{ name: p, kind: count, from: 'rooms.>', state: labels.sign, key: '{type}', states: [up, down], every: 10ms }]",
  'projections.yaml',
)[0] as CountSpec
const declaredRise = loadProjections(
  `projections: [{ name: p, kind: alert, from: '>', when: 'metrics.a > ago("100ms").metrics.a' }]`,
  'projections.yaml',
)[0] as AlertSpec
const ruleOfRise: AlertSpec = { ...declaredRise, everyMs: 3_600_000 }
const shape = { sizeMs: 50, latenessMs: 30, metrics: selectMetrics(undefined), percentiles: [50] }
const rateShape = { windowMs: 60, latenessMs: 80 }

let nats: TestNats
let nc: NatsConnection
/**
 * Each run has one of its own, so that what a crashed replica has sent cannot reach the next run.
 */
let tenant = ''
let tenants = 0

before(async () => {
  nats = await startNats()
  nc = await connectNats({ url: nats.url, name: 'admin', log })
})

after(async () => {
  await nc?.close()
  await nats?.stop()
})

/** What happens to a replica next. */
type Step = 'take' | 'take much' | 'checkpoint' | 'crash'

const step = fc.record({
  replica: fc.nat(1),
  step: fc.oneof(
    { weight: 6, arbitrary: fc.constant<Step>('take') },
    { weight: 3, arbitrary: fc.constant<Step>('take much') },
    { weight: 3, arbitrary: fc.constant<Step>('checkpoint') },
    { weight: 2, arbitrary: fc.constant<Step>('crash') },
  ),
})

const event = fc.record({
  key: fc.nat(2),
  metric: fc.constantFrom('a', 'b', 'c'),
  value: fc.integer({ min: -9, max: 9 }),
  behindMs: fc.integer({ min: -20, max: 120 }),
})

const kinds = [
  {
    kind: 'latest',
    make: (target: ReturnType<typeof targetOf>) =>
      new LatestProjection({
        ...target,
        spec: { kind: 'latest', ...target.spec, order: 'stored', key: compileKeyTemplate('{subject}') },
      }),
    check: (events: readonly EventRecord[]) => assertLatest(nc, 'target', events, tenant),
  },
  {
    kind: 'latest by time',
    make: (target: ReturnType<typeof targetOf>) =>
      new LatestProjection({
        ...target,
        spec: { kind: 'latest', ...target.spec, order: 'time', key: compileKeyTemplate('{subject}') },
      }),
    check: (events: readonly EventRecord[]) => assertNewest(nc, 'target', events, tenant),
  },
  {
    kind: 'merge',
    make: (target: ReturnType<typeof targetOf>) =>
      new MergeProjection({
        ...target,
        spec: { kind: 'merge', ...target.spec, metrics: shape.metrics, key: compileKeyTemplate('{0}.{1}') },
      }),
    check: (events: readonly EventRecord[]) => assertMerged(nc, 'target', events, tenant),
  },
  {
    kind: 'window',
    make: (target: ReturnType<typeof targetOf>) => {
      const key = compileKeyTemplate('{subject}.{window}')
      return new WindowProjection({ ...target, spec: { kind: 'window', ...target.spec, ...shape, key, everyMs: 5 } })
    },
    check: (events: readonly EventRecord[]) => assertWindows(nc, 'target', shape, events, tenant),
  },
  {
    kind: 'window without its begin in the key',
    make: (target: ReturnType<typeof targetOf>) => {
      const key = compileKeyTemplate('{subject}')
      return new WindowProjection({ ...target, spec: { kind: 'window', ...target.spec, ...shape, key, everyMs: 5 } })
    },
    check: (events: readonly EventRecord[]) => assertNewestWindows(nc, 'target', shape, events, tenant),
  },
  {
    kind: 'count',
    make: (target: ReturnType<typeof targetOf>) =>
      new CountProjection({ ...target, spec: { ...declaredCount, ...target.spec } }),
    check: (events: readonly EventRecord[]) => assertCounts(nc, 'target', events, tenant),
  },
  {
    kind: 'rate',
    make: (target: ReturnType<typeof targetOf>) => {
      const rate = { ...rateShape, metrics: shape.metrics, temporality: 'cumulative', everyMs: 5 } as const
      const key = compileKeyTemplate('{0}')
      return new RateProjection({ ...target, spec: { kind: 'rate', ...target.spec, ...rate, key } })
    },
    check: (events: readonly EventRecord[]) => assertRates(nc, 'target', rateShape, events, tenant),
  },
  {
    kind: 'alert by time',
    make: (target: ReturnType<typeof targetOf>) => new AlertProjection({ ...target, spec: ruleByTime }),
    check: (events: readonly EventRecord[]) => assertAlerts(ruleByTime, events),
  },
  {
    kind: 'alert by storing',
    make: (target: ReturnType<typeof targetOf>) => new AlertProjection({ ...target, spec: ruleByStoring }),
    check: (events: readonly EventRecord[]) => assertAlerts(ruleByStoring, events),
  },
  {
    kind: 'alert that compares with some time ago',
    make: (target: ReturnType<typeof targetOf>) => new AlertProjection({ ...target, spec: ruleOfRise }),
    check: (events: readonly EventRecord[]) => assertAlerts(ruleOfRise, events, hasRisen),
  },
] as const

function targetOf() {
  const spec = { name: 'p', from: ['>'], bucket: 'target', ttlMs: 3_600_000, quotaBytes: 8_000_000 }
  return { nc, tenant, partition: wholePartition, log, isOthers: () => false, spec }
}

for (const { kind, make, check } of kinds) {
  for (const count of [1, 2]) {
    test(`${kind}: ${count} replicas that take events, crash and come back in any order end equal to the stream`, async () => {
      const events = fc.array(event, { minLength: 20, maxLength: 40, size: 'max' })
      const steps = fc.array(step, { minLength: 10, maxLength: 40, size: 'max' })
      const property = fc.asyncProperty(events, steps, async (told, steps) => {
        await freshTenant()
        await publish(told)
        const stored = await storedEvents(nc, tenant)
        const replicas = Array.from({ length: count }, () => new Replica(make, stored))
        try {
          for (const replica of replicas) await replica.start()
          for (const { replica, step } of steps) await replicas[replica % count]?.do(step)
          await Promise.all(replicas.map((replica) => replica.finish()))
          await check(stored)
        } finally {
          for (const replica of replicas) replica.close()
        }
      })
      await fc.assert(property, { numRuns: 20, endOnFailure: true, includeErrorInReport: true })
    })
  }
}

/**
 * That what was told of each alert in turn is a firing, what it has to say since, and a resolution,
 * of later and later causes; and that the end is true, with what the newest event says.
 */
async function assertAlerts(
  spec: AlertSpec,
  events: readonly EventRecord[],
  holds: (record: EventRecord, a: number, events: readonly EventRecord[]) => boolean | undefined = (_, a) => a > 0,
): Promise<void> {
  const machine = new AlertMachine(spec, 100)
  const newest = new Map<string, EventRecord>()
  for (const record of events) {
    const { subject, event, epoch, seq, storedAtMs: atMs } = record
    const { a } = event.data.case === 'reading' ? event.data.value.metrics : {}
    const isNews = spec.order === 'stored' || record.happenedAtMs >= (newest.get(subject)?.happenedAtMs ?? 0)
    const held = a === undefined ? undefined : holds(record, a, events)
    if (held === undefined || !isNews) continue
    newest.set(subject, record)
    machine.observe(subject, held, { epoch, seq, atMs })
  }
  const told = new Map<string, RecordedAlert>()
  for (const { subject, seq, payload } of await storedEvents(nc, tenant)) {
    if (!subject.startsWith('alerts.')) continue
    const next = recordedAlert(seq, payload)
    const last = told.get(next.alert.key)
    const isRenewal = last !== undefined && isOpen(last) && isOpen(next) && last.alert.message !== next.alert.message
    assert.ok(isRenewal ? spec.everyMs === 0 : isOpen(next) !== (last !== undefined && isOpen(last)))
    assert.ok(last?.cause === undefined || (next.cause !== undefined && isLater(next.cause, last.cause)))
    told.set(next.alert.key, next)
  }
  for (const [key, record] of newest) {
    const last = told.get(key)
    assert.equal(last !== undefined && isOpen(last), machine.get(key)?.phase === 'firing', key)
    if (last !== undefined && isOpen(last) && spec.everyMs === 0) assert.equal(last.alert.message, spec.message(record))
  }
}

/** Whether `a` is larger than 100 ms before; undefined where there was none. */
function hasRisen(record: EventRecord, a: number, events: readonly EventRecord[]): boolean | undefined {
  const stepMs = 100 / limits.agoSteps
  const beforeMs = Math.floor((record.happenedAtMs - 100) / stepMs) * stepMs
  const [before] = events
    .filter(({ subject, seq, happenedAtMs }) => {
      return subject === record.subject && seq <= record.seq && happenedAtMs < beforeMs
    })
    .flatMap(({ happenedAtMs, seq, event: { data } }) => {
      const value = data.case === 'reading' ? data.value.metrics.a : undefined
      return value === undefined ? [] : [{ happenedAtMs, seq, value }]
    })
    .sort((one, other) => other.happenedAtMs - one.happenedAtMs || other.seq - one.seq)
  return before === undefined ? undefined : a > before.value
}

/**
 * One replica of a projection, at some place of the stream, with the position that it stored last.
 */
class Replica {
  readonly #make: (target: ReturnType<typeof targetOf>) => Projection
  readonly #events: readonly EventRecord[]
  #projection: Projection
  #next = 0
  #position = 0

  constructor(make: (target: ReturnType<typeof targetOf>) => Projection, events: readonly EventRecord[]) {
    this.#make = make
    this.#events = events
    this.#projection = make(targetOf())
  }

  async start(): Promise<void> {
    await this.#projection.open()
    const from = this.#events[this.#position - 1]
    const { warmUpMs } = this.#projection
    const again =
      from === undefined ? 1 : await sequenceAt(nc, eventStream(tenant), from.storedAtMs - Math.max(warmUpMs, 0))
    this.#next = Math.min(this.#position, (again ?? 1) - 1)
  }

  async do(step: Step): Promise<void> {
    if (step === 'take') await this.#take(1)
    else if (step === 'take much') await this.#take(10)
    else if (step === 'checkpoint') await this.#checkpoint()
    else {
      // Nothing is waited for: writes that were sent may or may not be stored.
      this.#projection.effects.close()
      this.#projection = this.#make(targetOf())
      await this.start()
    }
  }

  async finish(): Promise<void> {
    await this.#take(this.#events.length)
    this.#projection.idle(this.#events.at(-1)?.storedAtMs ?? 0)
    await this.#checkpoint()
  }

  close(): void {
    this.#projection.effects.close()
  }

  async #take(count: number): Promise<void> {
    this.#projection.setBehind?.(count > 1)
    for (let left = count; left > 0; left--) {
      const record = this.#events[this.#next]
      if (record === undefined) return
      this.#next++
      await this.#projection.take(record, this.#next <= this.#position)
    }
  }

  async #checkpoint(): Promise<void> {
    const taken = this.#next
    await this.#projection.effects.flushed()
    this.#position = Math.max(this.#position, taken)
  }
}

async function freshTenant(): Promise<void> {
  const deadline = { timeout: 30_000 }
  const names = await nc.request('$JS.API.STREAM.NAMES', '{}', deadline)
  const { streams } = names.json<{ streams: readonly string[] | null }>()
  tenant = `t${tenants++}`
  await provisionTenant(nc, tenant, {
    eventsMaxBytes: 8_000_000,
    eventsMaxAgeMs: 3_600_000,
    replicas: 1,
    buckets: ['target', 'alerts'].map((name) => ({ name, ttlMs: 3_600_000, maxBytes: 8_000_000 })),
  })
  // A server reserves what each stream may take, and all runs together are more than it has. It
  // removes the folder of all streams a moment after the last of them is deleted, and a stream that
  // is made in that moment fails, so the streams of the run before go last.
  for (const stream of streams ?? []) await nc.request(`$JS.API.STREAM.DELETE.${stream}`, '', deadline)
}

async function publish(
  told: readonly { key: number; metric: string; value: number; behindMs: number }[],
): Promise<void> {
  for (const [at, { key, metric, value, behindMs }] of told.entries()) {
    const time = timestampFromMilliseconds(Date.now() - behindMs)
    const event = create(EventSchema, {
      id: `e${at}`,
      type: metric,
      labels: { monotonic: 'true', sign: value > 3 ? 'up' : value < -3 ? 'down' : '' },
      ...(time === undefined ? {} : { time }),
      data: { case: 'reading', value: { metrics: { [metric]: value } } },
    })
    await nc.request(`ev.${tenant}.rooms.r${key}`, toBinary(EventSchema, event), { timeout: 30_000 })
  }
  await streamState(nc, eventStream(tenant))
}
