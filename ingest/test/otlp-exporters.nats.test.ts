import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { OTLPMetricExporter as JsonExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPMetricExporter as ProtobufExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { type RunningIngest, startIngest } from './running-ingest.ts'

let ingest: RunningIngest

before(async () => {
  ingest = await startIngest()
})
after(() => ingest.stop())

for (const [name, Exporter] of [
  ['Protobuf', ProtobufExporter],
  ['JSON', JsonExporter],
] as const) {
  test(`the OpenTelemetry SDK exports metrics in ${name}`, async () => {
    const exporter = new Exporter({
      url: `${ingest.url}/v1/metrics`,
      headers: { authorization: `Bearer ${ingest.token}` },
    })
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
    const resource = resourceFromAttributes({ 'service.name': `shop-${name}`, 'host.name': 'web-1' })
    const provider = new MeterProvider({ resource, readers: [reader] })
    const meter = provider.getMeter('test')
    meter.createGauge('system.cpu.utilization', { unit: '1' }).record(0.25, { 'system.cpu.state': 'idle' })
    meter.createCounter('orders').add(3)
    meter.createHistogram('http.server.request.duration', { unit: 's' }).record(0.2, { 'http.request.method': 'GET' })
    await provider.forceFlush()
    await provider.shutdown()

    const stored = (await ingest.stored()).filter(({ subject }) => subject.startsWith(`metrics.shop-${name}.web-1.`))
    const bySubject = new Map(
      stored.map(({ subject, event }) => [subject.slice(`metrics.shop-${name}.`.length), event]),
    )
    const gauge = bySubject.get('web-1.system.cpu.utilization.state=idle')
    assert.equal(gauge?.type, 'otel.gauge')
    assert.equal(gauge?.labels['system.cpu.state'], 'idle')
    assert.equal(gauge?.data.case === 'reading' && gauge.data.value.metrics.value, 0.25)
    const counter = bySubject.get('web-1.orders')
    assert.equal(counter?.type, 'otel.sum')
    assert.equal(counter?.labels.monotonic, 'true')
    const histogram = bySubject.get('web-1.http.server.request.duration.request_method=GET')
    assert.equal(histogram?.data.case === 'reading' && histogram.data.value.metrics.count, 1)
  })
}
