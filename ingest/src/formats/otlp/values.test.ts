import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { fromBinary } from '@bufbuild/protobuf'
import { BinaryWriter } from '@bufbuild/protobuf/wire'
import { type Event, EventSchema } from '@weir/proto'
import { bareIngest } from '../../../test/fake-stream.ts'

// Each request is as an exporter may send it; what is stored of it is what docs/otlp.md says.

const now = 1_790_000_000_000
const json = { 'content-type': 'application/json' }
const timeUnixNano = '1790000000250000000'
let { post, stream } = await bareIngest({ now: () => now })

beforeEach(async () => {
  ;({ post, stream } = await bareIngest({ now: () => now }))
})

interface PartialSuccess {
  readonly rejectedDataPoints?: string
  readonly rejectedLogRecords?: string
  readonly errorMessage?: string
}

async function send(path: string, body: unknown): Promise<PartialSuccess> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const answer = await post(path, text, json)
  assert.equal(answer.status, 200, await answer.clone().text())
  return ((await answer.json()) as { partialSuccess?: PartialSuccess }).partialSuccess ?? {}
}

function sendMetric(metric: object): Promise<PartialSuccess> {
  return send('/v1/metrics', { resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }] })
}

function sendLogs(...logRecords: readonly object[]): Promise<PartialSuccess> {
  return send('/v1/logs', { resourceLogs: [{ scopeLogs: [{ logRecords }] }] })
}

function events(): Event[] {
  return stream.messages.map(({ payload }) => fromBinary(EventSchema, payload))
}

function metricsOf(event: Event | undefined): Readonly<Record<string, number>> {
  return event?.data.case === 'reading' ? { ...event.data.value.metrics } : {}
}

test('of a summary the quantiles that are numbers are kept', async () => {
  const quantileValues = [
    { quantile: 0.5, value: 'NaN' },
    { quantile: 0.99, value: 2 },
  ]
  await sendMetric({ name: 'rpc', summary: { dataPoints: [{ timeUnixNano, count: '2', sum: 3, quantileValues }] } })
  assert.deepEqual(metricsOf(events()[0]), { count: 2, sum: 3, 'quantile=0.99': 2 })
})

test('of a histogram sum, min and max that are numbers are kept', async () => {
  const point = {
    timeUnixNano,
    count: '2',
    sum: 'NaN',
    min: '-Infinity',
    max: 7,
    bucketCounts: ['2'],
    explicitBounds: [],
  }
  await sendMetric({ name: 'h', histogram: { aggregationTemporality: 2, dataPoints: [point] } })
  assert.deepEqual(metricsOf(events()[0]), { count: 2, max: 7, 'le=+Inf': 2 })
})

test('a bucket whose bound no double can hold is counted in le=+Inf, of which there is one', async () => {
  const positive = { offset: 1022, bucketCounts: ['1', '2', '3'] }
  const negative = { offset: 1022, bucketCounts: ['1', '1', '1'] }
  const point = { timeUnixNano, count: '9', scale: 0, zeroCount: '0', positive, negative }
  await sendMetric({ name: 'h', exponentialHistogram: { aggregationTemporality: 2, dataPoints: [point] } })
  assert.deepEqual(metricsOf(events()[0]), {
    count: 9,
    [`le=${-(2 ** 1023)}`]: 2,
    [`le=${-(2 ** 1022)}`]: 3,
    [`le=${2 ** 1023}`]: 4,
    'le=+Inf': 9,
  })
  const wide = { timeUnixNano, count: '1', scale: -2000, positive: { offset: 0, bucketCounts: ['1'] } }
  await sendMetric({ name: 'w', exponentialHistogram: { aggregationTemporality: 2, dataPoints: [wide] } })
  assert.deepEqual(metricsOf(events()[1]), { count: 1, 'le=+Inf': 1 })
})

test('buckets that do not go with their bounds reject the point, and no other', async () => {
  const good = { timeUnixNano, count: '1', bucketCounts: ['1', '0'], explicitBounds: [1] }
  for (const [bucketCounts, explicitBounds, reason] of [
    [['1'], [1, 2], /1 bucketCounts do not go with 2 explicitBounds/],
    [['1', '2', '3'], [1], /3 bucketCounts do not go with 1/],
    [[], [1], /0 bucketCounts do not go with 1/],
    [['1', '2', '3'], [2, 1], /explicitBounds\[1\] is 1/],
    [['1', '2', '3'], [1, 1], /explicitBounds\[1\] is 1/],
    [['1', '2'], ['NaN'], /explicitBounds\[0\] is NaN/],
  ] as const) {
    stream.messages.length = 0
    const bad = { timeUnixNano, count: '1', bucketCounts, explicitBounds }
    const told = await sendMetric({ name: 'h', histogram: { dataPoints: [bad, { ...good, sum: Math.random() }] } })
    assert.equal(told.rejectedDataPoints, '1')
    assert.match(told.errorMessage ?? '', reason)
    assert.deepEqual(metricsOf(events()[0])['le=+Inf'], 1)
  }
})

test('one record that cannot be decoded is rejected alone: in JSON', async () => {
  const records = [
    { timeUnixNano, body: { stringValue: 'a' } },
    { timeUnixNano, body: { stringValue: '\ud800' } },
    { timeUnixNano, severityNumber: 'loud' },
    { timeUnixNano: '1790000000250000001', body: { stringValue: 'b' } },
  ]
  const told = await sendLogs(...records)
  assert.equal(told.rejectedLogRecords, '2')
  assert.match(told.errorMessage ?? '', /UTF8/)
  assert.deepEqual(
    events().map(({ data }) => data.value),
    ['{"body":"a"}', '{"body":"b"}'],
  )
})

test('one record that cannot be decoded is rejected alone: with the resource that it is of', async () => {
  const logs = (name: string): object => ({
    resource: { attributes: [{ key: 'service.name', value: { stringValue: name } }] },
    scopeLogs: [{ logRecords: [{ timeUnixNano, body: { stringValue: name } }] }],
  })
  const told = await send('/v1/logs', { resourceLogs: [logs('\udc00'), logs('fine')] })
  assert.equal(told.rejectedLogRecords, '1')
  assert.deepEqual(stream.messages[0]?.subject, 'ev.main.logs.fine._.unspecified')
})

test('one record that cannot be decoded is rejected alone: in Protobuf', async () => {
  const writer = new BinaryWriter()
  const text = (bytes: number[]): void => {
    writer.tag(2, 2).fork().tag(1, 1).fixed64(timeUnixNano).tag(5, 2).fork().tag(1, 2).bytes(Uint8Array.from(bytes))
    writer.join().join()
  }
  writer.tag(1, 2).fork().tag(2, 2).fork()
  for (const bytes of [[0x61], [0xff], [0x62]]) text(bytes)
  writer.join().join()
  const body = new Uint8Array(writer.finish())
  const answer = await post('/v1/logs', body, { 'content-type': 'application/x-protobuf' })
  assert.equal(answer.status, 200)
  assert.deepEqual(
    events().map(({ data }) => data.value),
    ['{"body":"a"}', '{"body":"b"}'],
  )
})

test('integers that JSON.parse would round are exact: times and values, as text or as numbers', async () => {
  const body = (value: string): string =>
    `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"n","gauge":{"dataPoints":[{"timeUnixNano":${value},"asInt":5}]}}]}]}]}`
  await send('/v1/metrics', body('1790000000123456789'))
  await send('/v1/metrics', body('"1790000000123456789"'))
  assert.deepEqual(
    events().map(({ time }) => time?.nanos),
    [123_456_789, 123_456_789],
  )
  const log =
    '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"a\\\\\\"[1790000000123456789"},"timeUnixNano": 1790000000123456789}]}]}]}'
  await send('/v1/logs', log)
  assert.equal(events()[2]?.time?.nanos, 123_456_789)
  assert.equal(events()[2]?.data.value, '{"body":"a\\\\\\"[1790000000123456789"}')
})

test('trace ids in upper case are lower-cased, and a trace id without a span id is a label', async () => {
  const traceId = '0AF7651916CD43DD8448EB211C80319C'
  await sendLogs(
    { timeUnixNano, traceId, spanId: 'B7AD6B7169203331', flags: 1 },
    { timeUnixNano, traceId },
    { timeUnixNano, spanId: 'b7ad6b7169203331' },
    { timeUnixNano, traceId: '0'.repeat(32), spanId: '0'.repeat(16) },
  )
  assert.deepEqual(
    events().map(({ traceparent, labels }) => [traceparent, labels.trace_id, labels.span_id]),
    [
      [`00-${traceId.toLowerCase()}-b7ad6b7169203331-01`, undefined, undefined],
      ['', traceId.toLowerCase(), undefined],
      ['', undefined, 'b7ad6b7169203331'],
      ['', undefined, undefined],
    ],
  )
})

test('without a number the severity is that of the text', async () => {
  const texts = ['ERROR', 'Warning', 'info2', ' crit ', 'DEBUG', 'ERR', 'nonsense', '']
  await sendLogs(...texts.map((severityText) => ({ timeUnixNano, severityText })), {
    timeUnixNano,
    severityText: 'ERROR',
    severityNumber: 9,
  })
  assert.deepEqual(
    events().map(({ labels }) => labels.severity),
    ['error', 'warn', 'info', 'fatal', 'debug', 'error', 'unspecified', 'unspecified', 'info'],
  )
})

test('a request of the same bytes is one that was repeated: its records are duplicates, which the answer says', async () => {
  const log = { timeUnixNano, body: { stringValue: 'same' } }
  assert.deepEqual(await sendLogs(log), {})
  const told = await sendLogs(log)
  assert.equal(told.rejectedLogRecords, undefined)
  assert.match(told.errorMessage ?? '', /^1 of the records were stored before/)
  assert.equal(stream.messages.length, 1)
  assert.deepEqual(await sendLogs(log, log), {})
  assert.equal(stream.messages.length, 3)
})

test('without the recognition of repeated requests each is stored, but for those with an Idempotency-Key', async () => {
  ;({ post, stream } = await bareIngest({ now: () => now, otlpDedupe: false }))
  const log = { timeUnixNano, body: { stringValue: 'same' } }
  for (const _ of [1, 2]) assert.deepEqual(await sendLogs(log), {})
  assert.equal(stream.messages.length, 2)
  const body = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [log] }] }] })
  for (const _ of [1, 2]) await post('/v1/logs', body, { ...json, 'idempotency-key': 'k' })
  assert.equal(stream.messages.length, 3)
})

test('logs of services whose names no token can hold have subjects of their own', async () => {
  const logs = (name: string): object => ({
    resource: { attributes: [{ key: 'service.name', value: { stringValue: name } }] },
    scopeLogs: [{ logRecords: [{ timeUnixNano, body: { stringValue: name } }] }],
  })
  await send('/v1/logs', { resourceLogs: ['北京', '上海', 'shop'].map(logs) })
  const subjects = stream.messages.map(({ subject }) => subject)
  assert.equal(new Set(subjects).size, 3)
  assert.match(subjects[0] ?? '', /^ev\.main\.logs\.__\._\.unspecified\.id=/)
  assert.equal(subjects[2], 'ev.main.logs.shop._.unspecified')
})

test('a span without valid ids is rejected alone; one that is sent again in another request is a duplicate', async () => {
  const traceId = '0AF7651916CD43DD8448EB211C80319C'
  const span = { traceId, spanId: 'b7ad6b7169203331', name: 'a', endTimeUnixNano: timeUnixNano }
  const request = (...spans: object[]): object => ({ resourceSpans: [{ scopeSpans: [{ spans }] }] })
  const bad = [{ name: 'b' }, { ...span, spanId: '00'.repeat(8) }, { ...span, name: '\ud800' }]
  const told = (await send('/v1/traces', request(span, ...bad))) as { rejectedSpans?: string; errorMessage?: string }
  assert.equal(told.rejectedSpans, '3')
  assert.match(told.errorMessage ?? '', /needs a trace id of 16 bytes/)
  const again = await send('/v1/traces', request({ ...span, spanId: 'aaad6b7169203331' }, span))
  assert.match(again.errorMessage ?? '', /^1 of the records were stored before/)
  assert.deepEqual(
    events().map(({ id }) => id),
    [`${traceId.toLowerCase()}-b7ad6b7169203331`, `${traceId.toLowerCase()}-aaad6b7169203331`],
  )
})
