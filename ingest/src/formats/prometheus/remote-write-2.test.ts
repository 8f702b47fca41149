import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import { BinaryWriter } from '@bufbuild/protobuf/wire'
import { Metrics } from '@weir/mesh'
import { type Event, EventSchema } from '@weir/proto'
import fc from 'fast-check'
import { compress } from 'snappyjs'
import { bareIngest } from '../../../test/fake-stream.ts'
import { Metadata_MetricType, RequestSchema, type TimeSeriesSchema } from '../../gen/io/prometheus/write/v2/types_pb.js'
import { type HistogramSchema, WriteRequestSchema } from '../../gen/prometheus/remote_pb.js'
import { IngestMetrics } from '../../ingest-metrics.ts'

const now = 1_790_000_000_000
let { post, stream } = await bareIngest({ now: () => now })

beforeEach(async () => {
  ;({ post, stream } = await bareIngest({ now: () => now }))
})

const version1 = 'application/x-protobuf'
const version2 = 'application/x-protobuf;proto=io.prometheus.write.v2.Request'

function send(message: Uint8Array, contentType = version2): Promise<Response> {
  const body = new Uint8Array(compress(message))
  return post('/api/v1/write', body, { 'content-type': contentType, 'content-encoding': 'snappy' })
}

type Labels = Readonly<Record<string, string>>
type Series = Omit<MessageInitShape<typeof TimeSeriesSchema>, 'labelsRefs'> & { readonly labels: Labels }

/** As a sender writes it: each text once. */
function request(...series: readonly Series[]): Uint8Array {
  const symbols = ['']
  const refOf = (text: string): number => {
    if (!symbols.includes(text)) symbols.push(text)
    return symbols.indexOf(text)
  }
  const timeseries = series.map(({ labels, ...rest }) => ({
    ...rest,
    labelsRefs: Object.entries(labels).flat().map(refOf),
  }))
  return toBinary(
    RequestSchema,
    create(RequestSchema, { symbols, timeseries } as MessageInitShape<typeof RequestSchema>),
  )
}

function events(): Event[] {
  return stream.messages.map(({ payload }) => fromBinary(EventSchema, payload))
}

function readings(): unknown[] {
  return events().map(({ data }) => (data.case === 'reading' ? { ...data.value.metrics } : undefined))
}

function written(answer: Response): (string | null)[] {
  return ['samples', 'histograms', 'exemplars'].map((kind) =>
    answer.headers.get(`x-prometheus-remote-write-${kind}-written`),
  )
}

const load = { __name__: 'node_load1', instance: 'web-1:9100', job: 'node' }
const sample = (value: number, at = 0) => ({ value, timestamp: BigInt(now + at) })

test('a sample is that of version 1, and the answer says how many were written', async () => {
  const answer = await send(request({ labels: load, samples: [sample(0.25), sample(0.5, 1)], exemplars: [{}] }))
  assert.deepEqual([answer.status, ...written(answer)], [204, '2', '0', '0'])
  const message = {
    timeseries: [{ labels: Object.entries(load).map(([name, value]) => ({ name, value })), samples: [sample(7, 2)] }],
  }
  await send(toBinary(WriteRequestSchema, create(WriteRequestSchema, message)), version1)
  assert.deepEqual(readings(), [{ value: 0.25 }, { value: 0.5 }, { value: 7 }])
  assert.equal(new Set(stream.messages.map(({ subject }) => subject)).size, 1)
})

test('exemplars, for which an event has no place, are counted in both versions', async () => {
  const metrics = new Metrics('ingest')
  ;({ post, stream } = await bareIngest({ now: () => now, metrics: new IngestMetrics(metrics) }))
  await send(request({ labels: load, samples: [sample(1)], exemplars: [{}, {}] }))
  const first = new BinaryWriter().tag(1, 2).fork()
  first.tag(1, 2).fork().tag(1, 2).string('__name__').tag(2, 2).string('load').join()
  first.tag(2, 2).fork().tag(1, 1).double(7).tag(2, 0).int64(now).join()
  // The third field of a series is its exemplars.
  first.tag(3, 2).fork().tag(2, 1).double(7).join()
  assert.equal((await send(first.join().finish(), version1)).status, 204)
  assert.match(await metrics.text(), /^weir_ingest_exemplars_dropped_total 3$/m)
})

test('a counter says so as one of OpenTelemetry does, with its unit and since when it counts', async () => {
  const metadata = { type: Metadata_MetricType.COUNTER, unitRef: 1 }
  await send(request({ labels: { ...load }, samples: [sample(3)], metadata, createdTimestamp: BigInt(now - 60_000) }))
  const [event] = events()
  assert.deepEqual(
    { ...event?.labels },
    { instance: 'web-1:9100', job: 'node', monotonic: 'true', temporality: 'cumulative' },
  )
  assert.deepEqual(readings(), [{ value: 3, created: (now - 60_000) / 1000 }])
  assert.deepEqual(event?.data.case === 'reading' && { ...event.data.value.units }, { value: '__name__' })
})

test('what is wrong is 400, and the answer says what was written nevertheless', async () => {
  const histograms = [{ schema: 9, timestamp: BigInt(now) }]
  const answer = await send(
    request(
      { labels: load, samples: [sample(1), sample(Number.NaN, 1)] },
      { labels: { job: 'nameless' }, samples: [sample(1)] },
      { labels: load, histograms },
    ),
  )
  assert.deepEqual([answer.status, ...written(answer)], [400, '2', '0', '0'])
  assert.match(await answer.text(), /no label __name__/)
  assert.deepEqual(readings(), [{ value: 1 }])
})

const histogram: MessageInitShape<typeof HistogramSchema> = {
  count: { case: 'countInt', value: 7n },
  sum: 5,
  zeroThreshold: 0.001,
  zeroCount: { case: 'zeroCountInt', value: 2n },
  negativeSpans: [{ offset: 0, length: 1 }],
  negativeDeltas: [1n],
  positiveSpans: [
    { offset: 0, length: 2 },
    { offset: 1, length: 1 },
  ],
  positiveDeltas: [1n, 1n, -1n],
  timestamp: BigInt(now),
}

test('a native histogram has cumulative buckets by their upper bounds, in both versions', async () => {
  const expected = { count: 7, sum: 5, 'le=-0.5': 1, 'le=0.001': 3, 'le=1': 4, 'le=2': 6, 'le=8': 7, 'le=+Inf': 7 }
  const answer = await send(request({ labels: load, histograms: [histogram] }))
  assert.deepEqual([answer.status, ...written(answer)], [204, '0', '1', '0'])
  const first = { timeseries: [{ labels: [{ name: '__name__', value: 'h' }], histograms: [histogram] }] }
  assert.equal((await send(toBinary(WriteRequestSchema, create(WriteRequestSchema, first)), version1)).status, 204)
  assert.deepEqual(readings(), [expected, expected])
  assert.deepEqual([events()[0]?.type, events()[0]?.labels.temporality], ['prometheus.histogram', 'cumulative'])
})

test('one of floats, of custom bounds, and one that is stale', async () => {
  const floats = { case: 'countFloat' as const, value: 1.5 }
  const positiveSpans = [{ offset: 0, length: 2 }]
  const custom = {
    count: floats,
    sum: 9,
    schema: -53,
    customValues: [0.1, 0.5],
    positiveSpans,
    positiveCounts: [0.5, 1],
    timestamp: BigInt(now),
  }
  const answer = await send(
    request({
      labels: load,
      histograms: [custom, { ...histogram, resetHint: 3 }, { sum: Number.NaN, timestamp: BigInt(now) }],
    }),
  )
  assert.deepEqual([answer.status, ...written(answer)], [204, '0', '3', '0'])
  assert.deepEqual(readings()[0], { count: 1.5, sum: 9, 'le=0.1': 0.5, 'le=0.5': 1.5, 'le=+Inf': 1.5 })
  assert.equal(events()[1]?.labels.temporality, undefined)
  assert.equal(events().length, 2)
})

test('symbols may come last, references unpacked; one that leads nowhere is its series’ own fault', async () => {
  const series = (...refs: readonly number[]): Uint8Array => {
    const writer = new BinaryWriter()
    for (const ref of refs) writer.tag(1, 0).uint32(ref)
    return writer.tag(2, 2).fork().tag(1, 1).double(refs.length).tag(2, 0).int64(String(now)).join().finish()
  }
  const writer = new BinaryWriter()
  for (const refs of [[1, 2], [1, 9], [1], [1, 2, 3], [1, 2, 3, 2]]) writer.tag(5, 2).bytes(series(...refs))
  for (const text of ['', '__name__', 'up', 'job']) writer.tag(4, 2).string(text)
  const answer = await send(writer.finish())
  assert.equal(answer.status, 400)
  assert.deepEqual(readings(), [{ value: 2 }, { value: 4 }])
})

test('both versions of any request give the same events', async () => {
  const name = fc.constantFrom('__name__', 'job', 'instance', 'zone', 'öst', '__proto__', '')
  const value = fc.oneof(fc.constantFrom('', 'a', 'x:1', 'ä'), fc.string({ unit: 'grapheme', maxLength: 8 }))
  const labels = fc.array(fc.tuple(name, value), { maxLength: 5 })
  const samples = fc.array(fc.tuple(fc.double({ noNaN: true }), fc.integer({ min: -1e13, max: now })), { maxLength: 3 })
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(labels, samples), { maxLength: 4 }), async (all) => {
      const found: unknown[][] = []
      for (const version of [1, 2]) {
        const fresh = await bareIngest({ now: () => now })
        ;({ post, stream } = fresh)
        const symbols = [...new Set(['', ...all.flatMap(([labels]) => labels.flat())])]
        const values = (list: readonly (readonly [number, number])[]) =>
          list.map(([value, ms]) => ({ value, timestamp: BigInt(ms) }))
        const message =
          version === 1
            ? toBinary(
                WriteRequestSchema,
                create(WriteRequestSchema, {
                  timeseries: all.map(([labels, list]) => ({
                    labels: labels.map(([name, value]) => ({ name, value })),
                    samples: values(list),
                  })),
                }),
              )
            : toBinary(
                RequestSchema,
                create(RequestSchema, {
                  symbols,
                  timeseries: all.map(([labels, list]) => ({
                    labelsRefs: labels.flat().map((text) => symbols.indexOf(text)),
                    samples: values(list),
                  })),
                }),
              )
        const answer = await send(message, version === 1 ? version1 : version2)
        found.push([
          answer.status,
          ...stream.messages.map(({ subject, id, payload }) => [subject, id, Buffer.from(payload).toString('hex')]),
        ])
      }
      assert.deepEqual(found[0], found[1])
    }),
    { numRuns: 100 },
  )
})

test('a million label sets end at the quota of the tenant, and the series that are known go on', async () => {
  ;({ post, stream } = await bareIngest({ now: () => now, limits: { subjectsMax: 1000 } }))
  const batch = (start: number): Uint8Array =>
    request(
      ...Array.from({ length: 500 }, (_, at) => ({
        labels: { ...load, id: String(start + at) },
        samples: [sample(start + at)],
      })),
    )
  for (let start = 0; start < 1000; start += 500) assert.equal((await send(batch(start))).status, 204)
  const over = await send(batch(1000))
  assert.deepEqual([over.status, ...written(over)], [429, '0', '0', '0'])
  assert.match(await over.text(), /as many subjects as it may/)
  assert.equal(stream.messages.length, 1000)
  assert.equal((await send(request({ labels: { ...load, id: '7' }, samples: [sample(1, 9)] }))).status, 204)
})
