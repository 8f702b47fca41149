import { after, before, test } from 'node:test'
import { create, toBinary } from '@bufbuild/protobuf'
import { connectNats, createLogger, eventStream, type NatsConnection, provisionTenant, streamState } from '@weir/mesh'
import { startNats, type TestNats } from '@weir/mesh/testing'
import { EventSchema, timestampFromMilliseconds } from '@weir/proto'
import fc from 'fast-check'
import { assertAlerts, hasRisen } from '../../test/alert-equality.ts'
import {
  assertCounts,
  assertLatest,
  assertMerged,
  assertNewest,
  assertNewestWindows,
  assertRates,
  assertWindows,
} from '../../test/equality.ts'
import { type ReplicaStep, SteppedReplica } from '../../test/stepped-replica.ts'
import { storedEvents } from '../../test/stream-contents.ts'
import type { AlertSpec } from '../declaration/alert-spec.ts'
import type { CountSpec } from '../declaration/count-spec.ts'
import { loadProjections } from '../declaration/file/load.ts'
import type { EventRecord } from '../event/event-record.ts'
import { selectMetrics } from '../event/metric-selection.ts'
import { wholePartition } from '../event/partition.ts'
import { AlertProjection } from '../kinds/alert/alert-projection.ts'
import { CountProjection } from '../kinds/count/count-projection.ts'
import { LatestProjection } from '../kinds/latest/latest-projection.ts'
import { MergeProjection } from '../kinds/merge/merge-projection.ts'
import { RateProjection } from '../kinds/rate/rate-projection.ts'
import { WindowProjection } from '../kinds/window/window-projection.ts'
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

const step = fc.record({
  replica: fc.nat(1),
  step: fc.oneof(
    { weight: 6, arbitrary: fc.constant<ReplicaStep>('take') },
    { weight: 3, arbitrary: fc.constant<ReplicaStep>('take much') },
    { weight: 3, arbitrary: fc.constant<ReplicaStep>('checkpoint') },
    { weight: 2, arbitrary: fc.constant<ReplicaStep>('crash') },
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
    check: (events: readonly EventRecord[]) => assertAlerts(nc, tenant, ruleByTime, events),
  },
  {
    kind: 'alert by storing',
    make: (target: ReturnType<typeof targetOf>) => new AlertProjection({ ...target, spec: ruleByStoring }),
    check: (events: readonly EventRecord[]) => assertAlerts(nc, tenant, ruleByStoring, events),
  },
  {
    kind: 'alert that compares with some time ago',
    make: (target: ReturnType<typeof targetOf>) => new AlertProjection({ ...target, spec: ruleOfRise }),
    check: (events: readonly EventRecord[]) => assertAlerts(nc, tenant, ruleOfRise, events, hasRisen),
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
        const replicas = Array.from(
          { length: count },
          () => new SteppedReplica(nc, tenant, () => make(targetOf()), stored),
        )
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
