import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { DiagLogLevel, diag, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { SeverityNumber } from '@opentelemetry/api-logs'
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { OTLPMetricExporter as JsonExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPMetricExporter as ProtobufExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { serve } from '@weir/mesh'
import { type Event, WeirError } from '@weir/proto'
import { bareIngest, tokenFor } from './fake-stream.ts'
import { type RunningIngest, startIngest } from './running-ingest.ts'

// The exporters of the OpenTelemetry SDK as anybody uses them.

let ingest: RunningIngest

before(async () => {
  ingest = await startIngest()
})
after(() => ingest.stop())

for (const [name, Exporter] of [
  ['Protobuf', ProtobufExporter],
  ['JSON', JsonExporter],
] as const) {
  test(`metrics in ${name}: gauge, counter, up-down counter, histogram`, async () => {
    const exporter = new Exporter({
      url: `${ingest.url}/v1/metrics`,
      headers: { authorization: `Bearer ${ingest.token}` },
      ...(name === 'JSON' ? { compression: 'gzip' as never } : {}),
    })
    const { provider, meter } = meterOf(exporter, `shop-${name}`)
    meter.createGauge('system.cpu.utilization', { unit: '1' }).record(0.25, { 'system.cpu.state': 'idle' })
    meter.createCounter('orders').add(3)
    meter.createUpDownCounter('queue.length').add(-2)
    meter.createHistogram('http.server.request.duration', { unit: 's' }).record(0.2, { 'http.request.method': 'GET' })
    await provider.forceFlush()
    await provider.shutdown()

    const events = await eventsOf(`metrics.shop-${name}.web-1.`)
    const gauge = events.get('system.cpu.utilization.state=idle')
    assert.equal(gauge?.type, 'otel.gauge')
    assert.equal(gauge?.source, `shop-${name}`)
    assert.equal(gauge?.labels['system.cpu.state'], 'idle')
    assert.equal(gauge?.labels['host.name'], 'web-1')
    assert.deepEqual(metricsOf(gauge), { value: 0.25 })
    const counter = events.get('orders')
    assert.deepEqual(
      [counter?.type, counter?.labels.monotonic, counter?.labels.temporality],
      ['otel.sum', 'true', 'cumulative'],
    )
    assert.deepEqual(metricsOf(counter), { value: 3 })
    assert.equal(events.get('queue.length')?.labels.monotonic, 'false')
    assert.deepEqual(metricsOf(events.get('queue.length')), { value: -2 })
    const histogram = events.get('http.server.request.duration.request_method=GET')
    assert.equal(histogram?.type, 'otel.histogram')
    const { count, sum, min, max, 'le=0': below, 'le=+Inf': all } = metricsOf(histogram)
    assert.deepEqual([count, sum, min, max, below, all], [1, 0.2, 0.2, 0.2, 0, 1])
  })
}

test('logs in Protobuf', async () => {
  const exporter = new OTLPLogExporter({
    url: `${ingest.url}/v1/logs`,
    headers: { authorization: `Bearer ${ingest.token}` },
  })
  const provider = new LoggerProvider({
    resource: resourceFromAttributes({ 'service.name': 'shop', 'host.name': 'web-1' }),
    processors: [new BatchLogRecordProcessor({ exporter })],
  })
  provider.getLogger('test').emit({
    severityNumber: SeverityNumber.WARN,
    severityText: 'WARN',
    body: { text: 'no paper', tray: 2 },
    attributes: { printer: 'p1' },
  })
  await provider.forceFlush()
  await provider.shutdown()

  const event = (await eventsOf('logs.shop.web-1.')).get('warn')
  assert.equal(event?.type, 'otel.log')
  assert.equal(event?.labels.severity, 'warn')
  assert.deepEqual(JSON.parse(event?.data.case === 'json' ? event.data.value : ''), {
    body: { text: 'no paper', tray: 2 },
    severityText: 'WARN',
    severityNumber: 13,
    attributes: { printer: 'p1' },
  })
})

test('spans in Protobuf, with parent, status, event and link', async () => {
  const url = `${ingest.url}/v1/traces`
  const exporter = new OTLPTraceExporter({ url, headers: { authorization: `Bearer ${ingest.token}` } })
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'shop', 'host.name': 'web-1' }),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  })
  const tracer = provider.getTracer('test', '2.0.0')
  const parent = tracer.startSpan('GET /orders/:id', {
    kind: SpanKind.SERVER,
    attributes: { 'http.route': '/orders/:id' },
  })
  const child = tracer.startSpan('query', { kind: SpanKind.CLIENT }, trace.setSpan(ROOT_CONTEXT, parent))
  child.addEvent('retry', { attempt: 2 })
  child.setStatus({ code: SpanStatusCode.ERROR, message: 'gone' })
  child.end()
  parent.end()
  await provider.forceFlush()
  await provider.shutdown()

  const spans = await eventsOf('traces.shop.')
  const [query, get] = ['query', 'GET__orders__id'].map((name) => spans.get(name))
  assert.equal(query?.type, 'otel.span')
  assert.deepEqual([query?.labels.kind, query?.labels.status, get?.labels.kind], ['client', 'error', 'server'])
  assert.equal(query?.labels['otel.scope.version'], '2.0.0')
  const told = JSON.parse(query?.data.case === 'json' ? query.data.value : '')
  const { traceId, spanId } = parent.spanContext()
  assert.equal(get?.traceparent, `00-${traceId}-${spanId}-01`)
  assert.equal(query?.id, `${traceId}-${child.spanContext().spanId}`)
  assert.deepEqual([told.parentSpanId, told.status], [spanId, { code: 'error', message: 'gone' }])
  assert.deepEqual([told.events[0].name, told.events[0].attributes], ['retry', { attempt: 2 }])
  assert.ok(told.durationMs >= 0 && Date.parse(told.start) <= Date.parse(told.end), JSON.stringify(told))
})

test('points that are rejected reach the log of the exporter by partial success', async () => {
  const warnings: string[] = []
  const note = (...texts: unknown[]): void => void warnings.push(texts.map(String).join(' '))
  diag.setLogger({ error: note, warn: note, info() {}, debug() {}, verbose() {} }, DiagLogLevel.WARN)
  const { provider, meter } = meterOf(
    new ProtobufExporter({ url: `${ingest.url}/v1/metrics`, headers: { authorization: `Bearer ${ingest.token}` } }),
    'partial',
  )
  meter.createGauge('fine').record(1)
  meter.createGauge('broken').record(Number.NaN)
  await provider.forceFlush()
  await provider.shutdown()
  diag.disable()

  assert.match(warnings.join('\n'), /not a finite number/)
  assert.deepEqual([...(await eventsOf('metrics.partial.web-1.')).keys()], ['fine'])
})

test('an exporter that is told 503 sends again, and what was stored the first time is not stored twice', async () => {
  const { ingest: handler, stream } = await bareIngest()
  const server = await serve(handler, { hostname: '127.0.0.1', port: 0 })
  let refusals = 0
  stream.failure = ({ subject }) =>
    subject.includes('.second.') && refusals++ === 0 ? new WeirError('unavailable', 'No.') : undefined
  const { provider, meter } = meterOf(
    new ProtobufExporter({
      url: `http://127.0.0.1:${server.port}/v1/metrics`,
      headers: { authorization: `Bearer ${await tokenFor(['>'])}` },
    }),
    'shop',
  )
  meter.createGauge('first').record(1)
  meter.createGauge('second').record(2)
  await provider.forceFlush()
  const subjects = stream.messages.map(({ subject }) => subject.replace(/\.id=[\w-]{14}$/, ''))
  await provider.shutdown()
  await server.close(0)

  assert.ok(refusals > 1)
  assert.deepEqual(subjects, ['ev.main.metrics.shop.web-1.first', 'ev.main.metrics.shop.web-1.second'])
})

function meterOf(exporter: ProtobufExporter | JsonExporter, service: string) {
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
  const resource = resourceFromAttributes({ 'service.name': service, 'host.name': 'web-1' })
  const provider = new MeterProvider({ resource, readers: [reader] })
  return { provider, meter: provider.getMeter('test') }
}

/** What is stored under a prefix, by the rest of its subject without the token of its identity. */
async function eventsOf(prefix: string): Promise<Map<string, Event>> {
  const stored = (await ingest.stored()).filter(({ subject }) => subject.startsWith(prefix))
  return new Map(
    stored.map(({ subject, event }) => [subject.slice(prefix.length).replace(/\.id=[\w-]{14}$/, ''), event]),
  )
}

function metricsOf(event: Event | undefined): Readonly<Record<string, number>> {
  return event?.data.case === 'reading' ? event.data.value.metrics : {}
}
