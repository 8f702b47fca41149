import { create, type JsonValue, toBinary, toJson } from '@bufbuild/protobuf'
import { type EventBatch_Item, EventBatch_ItemSchema, EventBatchSchema } from '@weir/proto'
import { cloudEventBinary } from '../src/formats/cloudevents/binary-mode.ts'
import { cloudEventJson, cloudEventJsonBatch } from '../src/formats/cloudevents/json-format.ts'
import { cloudEventProtobuf, cloudEventProtobufBatch } from '../src/formats/cloudevents/protobuf-format.ts'
import type { Decoder } from '../src/formats/decoder.ts'
import { lineProtocol } from '../src/formats/influx/line-protocol.ts'
import { jsonDecoder } from '../src/formats/json/json.ts'
import { ndjsonDecoder } from '../src/formats/json/ndjson.ts'
import { rawDecoder } from '../src/formats/json/raw.ts'
import { otlpLogsJson, otlpLogsProtobuf } from '../src/formats/otlp/logs.ts'
import { otlpMetricsJson, otlpMetricsProtobuf } from '../src/formats/otlp/metrics.ts'
import { otlpTracesJson, otlpTracesProtobuf } from '../src/formats/otlp/spans.ts'
import { remoteWrite } from '../src/formats/prometheus/remote-write.ts'
import { protobufDecoder } from '../src/formats/protobuf/protobuf.ts'
import { webhookForm, webhookJson } from '../src/formats/webhook/webhook.ts'
import { parseWebhookRoutes } from '../src/formats/webhook/webhook-route.ts'
import { CloudEventBatchSchema, CloudEventSchema } from '../src/gen/io/cloudevents/v1/cloudevents_pb.js'
import { RequestSchema } from '../src/gen/io/prometheus/write/v2/types_pb.js'
import { ExportLogsServiceRequestSchema } from '../src/gen/opentelemetry/proto/collector/logs/v1/logs_service_pb.js'
import { ExportMetricsServiceRequestSchema } from '../src/gen/opentelemetry/proto/collector/metrics/v1/metrics_service_pb.js'
import { ExportTraceServiceRequestSchema } from '../src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js'
import { WriteRequestSchema } from '../src/gen/prometheus/remote_pb.js'
import {
  logSubjects,
  logsRequest,
  metricSubjects,
  metricsRequest,
  traceSubjects,
  tracesRequest,
} from './otlp-requests.ts'

/** A good body of one format, and the subjects of the records that are in it. */
export interface FormatSample {
  readonly name: string
  readonly decoder: Decoder
  readonly body: Uint8Array
  readonly contentType: string
  readonly subjects: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
  readonly parameters?: Readonly<Record<string, string>>
}

const items = [
  {
    subject: 'rooms.r17.climate',
    id: 'a-1',
    type: 'climate',
    source: '/rooms/r17',
    time: '2026-01-31T12:00:00.250Z',
    labels: { wing: 'öst' },
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    reading: { metrics: { temperature: 21.5, humidity: -0.25 }, units: { temperature: 'Cel' } },
  },
  { subject: 'orders.created', data: { order: 7, lines: [{ sku: 'ä', count: 2 }], paid: true, note: null } },
  { subject: 'pipeline.p1', step: { pipeline: 'p1', name: 'pack', status: 'PROCESSING', index: 2 } },
  { subject: 'files.f1', binary: { contentType: 'image/png', data: 'iVBORw0KGgo=' } },
]
const itemSubjects = items.map(({ subject }) => subject)

const protobufItems: EventBatch_Item[] = [
  create(EventBatch_ItemSchema, {
    subject: 'rooms.r17.climate',
    event: {
      id: 'p-1',
      type: 'climate',
      source: '/rooms/r17',
      time: { seconds: 1_790_000_000n, nanos: 250_000_000 },
      labels: { wing: 'öst' },
      data: { case: 'reading', value: { metrics: { temperature: 21.5 }, units: { temperature: 'Cel' } } },
    },
  }),
  create(EventBatch_ItemSchema, { subject: 'rooms.r18', event: { data: { case: 'json', value: '{"a":[1,2]}' } } }),
  create(EventBatch_ItemSchema, {
    subject: 'doors.d1',
    event: { data: { case: 'stateChange', value: { entity: 'd1', from: 'open', to: 'closed' } } },
  }),
  create(EventBatch_ItemSchema, {
    subject: 'files.f1',
    event: { data: { case: 'binary', value: { contentType: 'a/b', data: new Uint8Array([0, 255]) } } },
  }),
]

const cloudEvent = {
  specversion: '1.0',
  id: 'c-1',
  source: '/shop/öst',
  type: 'com.example.order.created',
  subject: 'orders/o-7',
  time: '2026-01-31T12:00:00Z',
  tenantregion: 'north',
  data: { order: 7 },
}

const cloudEventMessage = {
  id: 'c-1',
  source: '/shop',
  specVersion: '1.0',
  type: 'com.example.order.created',
  attributes: {
    subject: { attr: { case: 'ceString' as const, value: 'orders.o-8' } },
    sampled: { attr: { case: 'ceBoolean' as const, value: true } },
    time: { attr: { case: 'ceTimestamp' as const, value: { seconds: 1_790_000_000n, nanos: 0 } } },
  },
  data: { case: 'textData' as const, value: 'hello' },
}

const remoteSeries = [
  {
    labels: [
      { name: '__name__', value: 'node_load1' },
      { name: 'job', value: 'node' },
      { name: 'instance', value: 'web-1:9100' },
      { name: 'zone', value: 'a' },
    ],
    samples: [{ value: 0.25, timestamp: 1_790_000_000_250n }],
  },
  { labels: [{ name: '__name__', value: 'up' }], samples: [{ value: 1, timestamp: 1_790_000_000_250n }] },
]

const remoteRequest2 = {
  symbols: ['', '__name__', 'node_load1', 'job', 'node', 'instance', 'web-1:9100', 'zone', 'a', 'up', 's'],
  timeseries: [
    {
      labelsRefs: [1, 2, 3, 4, 5, 6, 7, 8],
      samples: [{ value: 0.25, timestamp: 1_790_000_000_250n }],
      metadata: { type: 2, unitRef: 10 },
    },
    {
      labelsRefs: [1, 9],
      samples: [{ value: 1, timestamp: 1_790_000_000_250n }],
      createdTimestamp: 1_780_000_000_000n,
    },
  ],
}

const [route] = parseWebhookRoutes(`
routes:
  - path: /hooks/:source
    each: readings
    subject: rooms.{room_id}.{param:source}
    type: reading.{kind|plain}
    id: "{id}"
    time: "{at}"
    labels: { platform: "{platform|none}" }
    metrics: { viewers: stats.viewers }
    units: { viewers: "1" }
`)
const [formRoute] = parseWebhookRoutes('routes: [{ path: /form, subject: "forms.{name}", type: form }]')
if (route === undefined || formRoute === undefined) throw new Error('The routes of the samples do not parse.')

export const formatSamples: readonly FormatSample[] = [
  {
    name: 'JSON array',
    decoder: jsonDecoder,
    body: json(items),
    contentType: 'application/json',
    subjects: itemSubjects,
  },
  {
    name: 'JSON object',
    decoder: jsonDecoder,
    body: json(items[0]),
    contentType: 'application/json',
    subjects: itemSubjects.slice(0, 1),
  },
  {
    name: 'NDJSON',
    decoder: ndjsonDecoder,
    body: text(`${items.map((item) => JSON.stringify(item)).join('\r\n')}\n\n`),
    contentType: 'application/x-ndjson',
    subjects: itemSubjects,
  },
  {
    name: 'Protobuf batch',
    decoder: protobufDecoder,
    body: toBinary(EventBatchSchema, create(EventBatchSchema, { items: protobufItems })),
    contentType: 'application/x-protobuf',
    subjects: protobufItems.map(({ subject }) => subject),
  },
  {
    name: 'Protobuf stream',
    decoder: protobufDecoder,
    body: delimited(protobufItems),
    contentType: 'application/protobuf; encoding=delimited',
    subjects: protobufItems.map(({ subject }) => subject),
  },
  {
    name: 'CloudEvents structured JSON',
    decoder: cloudEventJson,
    body: json(cloudEvent),
    contentType: 'application/cloudevents+json; charset=utf-8',
    subjects: ['orders.o-7.id=gpxYaUDUxS9_SB'],
  },
  {
    name: 'CloudEvents batch JSON',
    decoder: cloudEventJsonBatch,
    body: json([cloudEvent, { ...cloudEvent, subject: undefined, data: undefined, data_base64: 'AAE=' }]),
    contentType: 'application/cloudevents-batch+json',
    subjects: ['orders.o-7.id=gpxYaUDUxS9_SB', 'com.example.order.created'],
  },
  {
    name: 'CloudEvents structured Protobuf',
    decoder: cloudEventProtobuf,
    body: toBinary(CloudEventSchema, create(CloudEventSchema, cloudEventMessage)),
    contentType: 'application/cloudevents+protobuf',
    subjects: ['orders.o-8'],
  },
  {
    name: 'CloudEvents batch Protobuf',
    decoder: cloudEventProtobufBatch,
    body: toBinary(CloudEventBatchSchema, create(CloudEventBatchSchema, { events: [cloudEventMessage] })),
    contentType: 'application/cloudevents-batch+protobuf',
    subjects: ['orders.o-8'],
  },
  {
    name: 'CloudEvents binary mode',
    decoder: cloudEventBinary,
    body: json({ order: 7 }),
    contentType: 'application/json',
    subjects: ['orders.o-9'],
    headers: {
      'ce-specversion': '1.0',
      'ce-id': 'c-9',
      'ce-source': '/shop/%C3%B6st',
      'ce-type': 'com.example.order.created',
      'ce-subject': 'orders.o-9',
    },
  },
  {
    name: 'raw JSON',
    decoder: rawDecoder,
    body: json({ people: 3 }),
    contentType: 'application/json',
    subjects: ['rooms.r17'],
    parameters: { subject: 'rooms.r17' },
  },
  {
    name: 'raw bytes',
    decoder: rawDecoder,
    body: new Uint8Array([0, 1, 255]),
    contentType: 'application/octet-stream',
    subjects: ['rooms.r17'],
    parameters: { subject: 'rooms.r17' },
  },
  {
    name: 'OTLP metrics Protobuf',
    decoder: otlpMetricsProtobuf,
    body: toBinary(ExportMetricsServiceRequestSchema, metricsRequest),
    contentType: 'application/x-protobuf',
    subjects: metricSubjects,
  },
  {
    name: 'OTLP metrics JSON',
    decoder: otlpMetricsJson,
    body: json(toJson(ExportMetricsServiceRequestSchema, metricsRequest)),
    contentType: 'application/json',
    subjects: metricSubjects,
  },
  {
    name: 'OTLP logs Protobuf',
    decoder: otlpLogsProtobuf,
    body: toBinary(ExportLogsServiceRequestSchema, logsRequest),
    contentType: 'application/x-protobuf',
    subjects: logSubjects,
  },
  {
    name: 'OTLP logs JSON',
    decoder: otlpLogsJson,
    body: json(hexIds(toJson(ExportLogsServiceRequestSchema, logsRequest))),
    contentType: 'application/json',
    subjects: logSubjects,
  },
  {
    name: 'OTLP traces Protobuf',
    decoder: otlpTracesProtobuf,
    body: toBinary(ExportTraceServiceRequestSchema, tracesRequest),
    contentType: 'application/x-protobuf',
    subjects: traceSubjects,
  },
  {
    name: 'OTLP traces JSON',
    decoder: otlpTracesJson,
    body: json(hexIds(toJson(ExportTraceServiceRequestSchema, tracesRequest))),
    contentType: 'application/json',
    subjects: traceSubjects,
  },
  {
    name: 'InfluxDB line protocol',
    decoder: lineProtocol,
    body: text(
      '# a comment\ncpu,host=web-1,cpu=0 idle=0.25,ticks=7i 1790000000250000000\n\nroom,name=öst\\ 1 open=t,note="a \\"b\\"\nc"\n',
    ),
    contentType: 'text/plain; charset=utf-8',
    subjects: ['metrics.b.web-1.cpu.cpu=0.id=FAuul4wDWWtpDq', 'metrics.b._.room.name=_st_1.id=oLbmAmRI9C1PLv'],
  },
  {
    name: 'Prometheus remote write',
    decoder: remoteWrite,
    body: toBinary(WriteRequestSchema, create(WriteRequestSchema, { timeseries: remoteSeries })),
    contentType: 'application/x-protobuf',
    subjects: ['metrics.node.web-1_9100.node_load1.zone=a.id=-70vs92S2NtbPv', 'metrics._._.up.id=YFjN_1EQtj-45Q'],
  },
  {
    name: 'Prometheus remote write 2.0',
    decoder: remoteWrite,
    body: toBinary(RequestSchema, create(RequestSchema, remoteRequest2)),
    contentType: 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
    subjects: ['metrics.node.web-1_9100.node_load1.zone=a.id=-70vs92S2NtbPv', 'metrics._._.up.id=YFjN_1EQtj-45Q'],
  },
  {
    name: 'webhook JSON',
    decoder: webhookJson(route),
    body: json({
      readings: [
        { room_id: 'r.17', id: 'w-1', at: 1_790_000_000, stats: { viewers: '5' } },
        { room_id: 18, id: 'w-2', at: '2026-01-31T12:00:00Z', kind: 'x', stats: { viewers: 6 } },
      ],
    }),
    contentType: 'application/json',
    subjects: ['rooms.r_17.twitch.id=TOMMoL8SCE8vnR', 'rooms.18.twitch'],
    parameters: { source: 'twitch' },
  },
  {
    name: 'webhook form',
    decoder: webhookForm(formRoute),
    body: text('name=anna&age=7'),
    contentType: 'application/x-www-form-urlencoded',
    subjects: ['forms.anna'],
  },
]

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value)
}

function json(value: unknown): Uint8Array {
  return text(JSON.stringify(value))
}

function delimited(all: readonly EventBatch_Item[]): Uint8Array {
  return Uint8Array.from(
    all.flatMap((item) => {
      const bytes = toBinary(EventBatch_ItemSchema, item)
      const length = bytes.length < 128 ? [bytes.length] : [(bytes.length & 127) | 128, bytes.length >> 7]
      return [...length, ...bytes]
    }),
  )
}

/** OTLP's JSON has trace and span ids in hexadecimal, where Protobuf's own has base64. */
function hexIds(value: JsonValue): unknown {
  return JSON.parse(JSON.stringify(value), (key, member) =>
    /^(trace|span|parentSpan)Id$/.test(key) ? Buffer.from(member, 'base64').toString('hex') : member,
  )
}
