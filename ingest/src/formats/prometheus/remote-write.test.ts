import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import { serve } from '@weir/mesh'
import { type Event, EventSchema } from '@weir/proto'
import { pushTimeseries } from 'prometheus-remote-write'
import { compress } from 'snappyjs'
import { bareIngest, tokenFor } from '../../../test/fake-stream.ts'
import { type TimeSeriesSchema, WriteRequestSchema } from '../../gen/prometheus/remote_pb.js'

const now = 1_790_000_000_000
let { post, stream, ingest } = await bareIngest({ now: () => now })

beforeEach(async () => {
  ;({ post, stream, ingest } = await bareIngest({ now: () => now }))
})

const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' }

function series(
  labels: Readonly<Record<string, string>>,
  ...values: number[]
): MessageInitShape<typeof TimeSeriesSchema> {
  return {
    labels: Object.entries(labels).map(([name, value]) => ({ name, value })),
    samples: values.map((value, at) => ({ value, timestamp: BigInt(now + at) })),
  }
}

function write(...timeseries: MessageInitShape<typeof TimeSeriesSchema>[]): Promise<Response> {
  const message = toBinary(WriteRequestSchema, create(WriteRequestSchema, { timeseries }))
  return post('/api/v1/write', new Uint8Array(compress(message)), headers)
}

function events(): Event[] {
  return stream.messages.map(({ payload }) => fromBinary(EventSchema, payload))
}

function values(): (number | undefined)[] {
  return events().map(({ data }) => (data.case === 'reading' ? data.value.metrics.value : undefined))
}

const load = { __name__: 'node_load1', instance: 'web-1:9100', job: 'node', zone: 'a' }

test('a sample is a reading of its series', async () => {
  const answer = await write(series(load, 0.25, 0.5))
  assert.equal(answer.status, 204)
  const [first, second] = events()
  assert.match(
    stream.messages[0]?.subject ?? '',
    /^ev\.main\.metrics\.node\.web-1_9100\.node_load1\.zone=a\.id=[\w-]{14}$/,
  )
  assert.deepEqual(values(), [0.25, 0.5])
  assert.deepEqual({ ...first?.labels }, { instance: 'web-1:9100', job: 'node', zone: 'a' })
  assert.deepEqual([first?.type, first?.source], ['prometheus.sample', 'node'])
  assert.deepEqual([second?.time?.seconds, second?.time?.nanos], [1_790_000_000n, 1_000_000])
})

test('series that differ have subjects that differ, and one is the same in any order', async () => {
  await write(
    series(load, 1),
    series({ zone: 'a', job: 'node', instance: 'web-1:9100', __name__: 'node_load1' }, 2),
    series({ ...load, instance: 'web-1_9100' }, 3),
    series({ ...load, zone: 'b' }, 4),
    series({ __name__: 'node_load1' }, 5),
    series({ __name__: 'node_load1', job: '_' }, 6),
  )
  const subjects = stream.messages.map(({ subject }) => subject)
  assert.equal(subjects[0], subjects[1])
  assert.equal(new Set(subjects).size, 5)
})

test('a sample that is sent again, in another batch, is stored once', async () => {
  await write(series(load, 1, 2))
  await write(series({ ...load, zone: 'b' }, 7), series(load, 1, 2, 3))
  assert.deepEqual(values(), [1, 2, 7, 3])
})

test('stale markers and other values that are no numbers are passed over', async () => {
  assert.equal((await write(series(load, Number.NaN, 1, Number.POSITIVE_INFINITY))).status, 204)
  assert.deepEqual(values(), [1])
})

test('what cannot be stored is 400 with the reason, and the rest is stored', async () => {
  const node = [{ name: '__name__', value: 'node_load1' }]
  const cases: readonly (readonly [MessageInitShape<typeof TimeSeriesSchema>, RegExp])[] = [
    [series({ job: 'node' }, 1), /no label __name__/],
    [{ labels: node, histograms: [{ schema: 9 }] }, /schema 9 is not known/],
    [{ labels: node, histograms: [{ positiveSpans: [{ offset: 0, length: 2 }] }] }, /spans .* do not go/],
    [{ labels: node, samples: [{ value: 1, timestamp: BigInt(now) * 100n }] }, /too far ahead/],
  ]
  for (const [bad, reason] of cases) {
    stream.messages.length = 0
    const answer = await write(bad, series({ ...load, nonce: String(reason) }, 9))
    assert.equal(answer.status, 400)
    assert.match(await answer.text(), reason)
    assert.deepEqual(values(), [9])
  }
})

test('refusals are text, with the statuses that Prometheus acts on', async () => {
  const broken = await post('/api/v1/write', 'nonsense', headers)
  assert.equal(broken.status, 400)
  assert.match(broken.headers.get('content-type') ?? '', /^text\/plain/)
  const version3 = { ...headers, 'content-type': 'application/x-protobuf;proto=io.prometheus.write.v3.Request' }
  const newer = await post('/api/v1/write', new Uint8Array(compress(new Uint8Array(0))), version3)
  assert.equal(newer.status, 415)
  assert.match(await newer.text(), /v3\.Request is not known here: send io\.prometheus\.write\.v2\.Request/)
  const nothing = { authorization: `Bearer ${await tokenFor([])}` }
  assert.equal((await post('/api/v1/write', 'x', { ...headers, ...nothing })).status, 403)
})

test('the client prometheus-remote-write', async () => {
  const server = await serve(ingest, { hostname: '127.0.0.1', port: 0 })
  after(() => server.close(0))
  const answer = await pushTimeseries(
    { labels: { __name__: 'queue_length', service: 'öst' }, samples: [{ value: 7, timestamp: now }] },
    {
      url: `http://127.0.0.1:${server.port}/api/v1/write`,
      headers: { authorization: `Bearer ${await tokenFor(['metrics.>'])}` },
      fetch: fetch as never,
    },
  )
  assert.equal(answer.status, 204, JSON.stringify(answer))
  assert.deepEqual(values(), [7])
  assert.match(stream.messages[0]?.subject ?? '', /^ev\.main\.metrics\._\._\.queue_length\.service=_st\.id=/)
})
