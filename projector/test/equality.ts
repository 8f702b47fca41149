import assert from 'node:assert/strict'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import type { NatsConnection } from '@weir/mesh'
import { type EventJson, EventSchema, eventToJson, timestampFromMilliseconds } from '@weir/proto'
import postgres from 'postgres'
import type { EventRecord } from '../src/event/event-record.ts'
import { jsonField } from '../src/event/plain-fields.ts'
import { MergedReading } from '../src/kinds/merge/merged-reading.ts'
import { WindowFold, type WindowShape } from '../src/kinds/window/window-fold.ts'
import { limits } from '../src/limits.ts'
import { type BucketEntry, bucketEntries } from './stream-contents.ts'

/** That `latest` holds of each subject the last event, and nothing else. */
export async function assertLatest(
  nc: NatsConnection,
  bucket: string,
  events: readonly EventRecord[],
  tenant = 'main',
): Promise<void> {
  const expected = new Map<string, BucketEntry>()
  for (const { subject, seq, event } of events) expected.set(subject, { seq, event: eventToJson(event) })
  assertSame(await bucketEntries(nc, tenant, bucket), expected)
}

/**
 * That `latest` by time holds of each subject the event that happened last, and of two at the same
 * time the later one.
 */
export async function assertNewest(
  nc: NatsConnection,
  bucket: string,
  events: readonly EventRecord[],
  tenant = 'main',
): Promise<void> {
  const newest = new Map<string, EventRecord>()
  for (const record of events) {
    const known = newest.get(record.subject)
    if (known === undefined || record.happenedAtMs >= known.happenedAtMs) newest.set(record.subject, record)
  }
  const expected = new Map<string, BucketEntry>()
  for (const [subject, { seq, event, happenedAtMs, aheadMs }] of newest) {
    const time = timestampFromMilliseconds(happenedAtMs)
    expected.set(subject, { seq, event: eventToJson(aheadMs > 0 && time !== undefined ? { ...event, time } : event) })
  }
  assertSame(await bucketEntries(nc, tenant, bucket), expected)
}

/** That a merge by the first two tokens of the subject holds the fold of all its events. */
export async function assertMerged(
  nc: NatsConnection,
  bucket: string,
  events: readonly EventRecord[],
  tenant = 'main',
): Promise<void> {
  const folds = new Map<string, { seq: number; reading: MergedReading }>()
  for (const { subject, seq, event, happenedAtMs: timeMs } of events) {
    const key = subject.split('.').slice(0, 2).join('.')
    const fold = folds.get(key) ?? { seq: 0, reading: new MergedReading() }
    fold.reading.fold(event, timeMs, seq)
    fold.seq = seq
    folds.set(key, fold)
  }
  const expected = new Map<string, BucketEntry>()
  for (const [key, { seq, reading }] of folds) expected.set(key, { seq, event: asStored(reading.toEvent()) })
  assertSame(await bucketEntries(nc, tenant, bucket), expected)
}

/** That the windows of each subject are those that all events in order give. */
export async function assertWindows(
  nc: NatsConnection,
  bucket: string,
  shape: WindowShape,
  events: readonly EventRecord[],
  tenant = 'main',
): Promise<void> {
  const fold = new WindowFold(shape, 1_000_000)
  const expected = new Map<string, BucketEntry>()
  for (const { subject, seq, event, happenedAtMs: timeMs, storedAtMs } of events) {
    const key = `${subject}.${Math.floor(fold.startOf(timeMs) / 1000)}`
    const added = fold.add(key, event, timeMs, seq, storedAtMs)
    if (typeof added !== 'string') expected.set(key, { seq, event: asStored(fold.toEvent(added)) })
  }
  assertSame(await bucketEntries(nc, tenant, bucket), expected)
}

/** That each subject has its newest window that had closed when the last event was stored. */
export async function assertNewestWindows(
  nc: NatsConnection,
  bucket: string,
  shape: WindowShape,
  events: readonly EventRecord[],
  tenant = 'main',
): Promise<void> {
  const fold = new WindowFold(shape, 1_000_000)
  const endedBeforeMs = (events.at(-1)?.storedAtMs ?? 0) - shape.latenessMs
  const windows = new Map<string, { subject: string; startMs: number; seq: number; event: EventJson }>()
  for (const { subject, seq, event, happenedAtMs, storedAtMs } of events) {
    const startMs = fold.startOf(happenedAtMs)
    const added = fold.add(`${subject}@${startMs}`, event, happenedAtMs, seq, storedAtMs)
    if (typeof added === 'string' || added.endMs > endedBeforeMs) continue
    const { id: _, ...shown } = asStored(fold.toEvent(added))
    windows.set(added.key, { subject, startMs, seq, event: { id: added.key, ...shown } })
  }
  const expected = new Map<string, BucketEntry>()
  for (const { subject, seq, event } of [...windows.values()].sort((a, b) => a.startMs - b.startMs)) {
    expected.set(subject, { seq: Math.max(seq, expected.get(subject)?.seq ?? 0), event })
  }
  assertSame(await bucketEntries(nc, tenant, bucket), expected)
}

/**
 * That under each type there is how many subjects have had their newest event with it, by the label
 * `sign` of that event: up, down, or neither.
 */
export async function assertCounts(
  nc: NatsConnection,
  bucket: string,
  events: readonly EventRecord[],
  tenant = 'main',
): Promise<void> {
  const newest = new Map<string, EventRecord>()
  const touched = new Map<string, { seq: number; timeMs: number }>()
  for (const record of events) {
    const { subject, event, seq, happenedAtMs } = record
    const known = newest.get(subject)
    if (known !== undefined && known.happenedAtMs > happenedAtMs) continue
    newest.set(subject, record)
    for (const type of new Set([event.type, known?.event.type ?? event.type])) {
      touched.set(type, { seq, timeMs: Math.max(happenedAtMs, touched.get(type)?.timeMs ?? 0) })
    }
  }
  const expected = new Map<string, BucketEntry>()
  for (const [type, { seq, timeMs }] of touched) {
    const signs = [...newest.values()].filter((record) => record.event.type === type).map((r) => r.event.labels.sign)
    const [up, down] = ['up', 'down'].map((sign) => signs.filter((each) => each === sign).length) as [number, number]
    const time = timestampFromMilliseconds(timeMs)
    const reading = { metrics: { total: up + down, up, down } }
    const event = create(EventSchema, {
      id: `${type}@${seq}`,
      type: 'weir.count',
      ...(time === undefined ? {} : { time }),
      data: { case: 'reading', value: reading },
    })
    expected.set(type, { seq, event: asStored(event) })
  }
  assertSame(await bucketEntries(nc, tenant, bucket), expected)
}

/**
 * That under the first token of all subjects there are the rates of their metrics, from their
 * definition: of each step of time the newest sample, what was counted between the first and the
 * last by the time between them, and the sum over the subjects that are not silent.
 */
export async function assertRates(
  nc: NatsConnection,
  bucket: string,
  shape: RateShape,
  events: readonly EventRecord[],
  tenant = 'main',
): Promise<void> {
  const counted = events.filter(({ storedAtMs, happenedAtMs }) => storedAtMs - happenedAtMs <= shape.latenessMs)
  const newestMs = Math.max(...counted.map(({ happenedAtMs }) => happenedAtMs))
  const rates = new Map<string, number>()
  for (const subject of [...new Set(counted.map((record) => record.subject))].sort()) {
    const own = counted.filter((record) => record.subject === subject)
    for (const metric of ['a', 'b', 'c']) {
      const rate = expectedRate(own, metric, newestMs, shape)
      if (rate !== undefined) rates.set(metric, (rates.get(metric) ?? 0) + rate)
    }
  }
  const time = timestampFromMilliseconds(newestMs)
  const seq = counted.at(-1)?.seq ?? 0
  const metrics = Object.fromEntries(rates)
  const units = Object.fromEntries([...rates.keys()].map((name) => [name, '1/s']))
  const event = create(EventSchema, {
    id: `rooms@${seq}`,
    type: 'weir.rate',
    ...(time === undefined ? {} : { time }),
    data: { case: 'reading', value: { metrics, units } },
  })
  const expected = counted.length === 0 ? [] : ([['rooms', { seq, event: asStored(event) }]] as const)
  assertSame(await bucketEntries(nc, tenant, bucket), new Map(expected))
}

interface RateShape {
  readonly windowMs: number
  readonly latenessMs: number
}

function expectedRate(
  events: readonly EventRecord[],
  metric: string,
  newestMs: number,
  { windowMs }: RateShape,
): number | undefined {
  const stepMs = windowMs / limits.rateSteps
  const stepOf = (timeMs: number): number => Math.floor(timeMs / stepMs) * stepMs
  const bySteps = new Map<number, { timeMs: number; value: number }>()
  for (const { event, happenedAtMs: timeMs } of events) {
    const value = event.data.case === 'reading' ? event.data.value.metrics[metric] : undefined
    const known = bySteps.get(stepOf(timeMs))
    if (value === undefined || (known !== undefined && known.timeMs > timeMs)) continue
    bySteps.set(stepOf(timeMs), { timeMs, value })
  }
  const samples = [...bySteps.values()].sort((one, other) => one.timeMs - other.timeMs)
  const last = samples.at(-1)
  if (last === undefined || last.timeMs <= newestMs - windowMs) return undefined
  const beginMs = stepOf(last.timeMs - windowMs)
  const base = samples.findLast(({ timeMs }) => timeMs < beginMs && timeMs >= beginMs - windowMs)
  const inWindow = samples.filter(({ timeMs }) => timeMs >= beginMs)
  const read = base === undefined ? inWindow : [base, ...inWindow]
  const [first] = read
  if (first === undefined || read.length < 2) return undefined
  let sum = 0
  for (const [at, { value }] of read.slice(1).entries()) {
    const before = read[at]?.value ?? 0
    sum += value < before ? value : value - before
  }
  return (sum * 1_000) / (last.timeMs - first.timeMs)
}

/**
 * That Postgres holds every event once, with what of its bytes its JSON does not have, and nothing
 * else.
 */
export async function assertHistory(url: string, events: readonly EventRecord[]): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined })
  try {
    const rows = await sql<HistoryRow[]>`
      select seq::float8 as seq, subject, event, body, (extract(epoch from stored_at) * 1000)::float8 as stored
      from weir.events order by epoch, seq`
    assert.equal(rows.length, events.length)
    for (const [at, { seq, subject, payload, event, storedAtMs }] of events.entries()) {
      const row = rows[at]
      assert.deepEqual([row?.seq, row?.subject, row?.stored], [seq, subject, storedAtMs])
      const kept = row?.event ?? null
      if (kept === null) assert.deepEqual(row?.body, eventToJson(event))
      else if (row?.body !== null && event.data.case === 'json' && kept.length < payload.length) {
        assert.deepEqual(Buffer.from(kept), Buffer.from(jsonField(payload) ?? []))
        assert.deepEqual(row?.body, eventToJson(event))
      } else assert.deepEqual(Buffer.from(kept), Buffer.from(payload))
    }
  } finally {
    await sql.end()
  }
}

interface HistoryRow {
  readonly seq: number
  readonly subject: string
  readonly event: Uint8Array | null
  readonly body: unknown
  readonly stored: number
}

/** Through the bytes, as the bucket holds it. */
function asStored(event: Parameters<typeof toBinary<typeof EventSchema>>[1]): EventJson {
  return eventToJson(fromBinary(EventSchema, toBinary(EventSchema, event)))
}

function assertSame(found: ReadonlyMap<string, BucketEntry>, expected: ReadonlyMap<string, BucketEntry>): void {
  assert.deepEqual([...found.keys()].sort(), [...expected.keys()].sort())
  for (const [key, entry] of expected) assert.deepEqual(found.get(key), entry, key)
}
