// The stock OpenTelemetry SDK sends metrics: only the address and the header are Weir's. Each
// series is a subject, metrics.<service>.<metric>.<attributes>, and its newest point is the state
// of that subject.
import process from 'node:process'
import { setGlobalErrorHandler } from '@opentelemetry/core'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'

const { WEIR_INGEST_URL = 'http://127.0.0.1:8081', WEIR_TOKEN = '' } = process.env

// The SDK says nothing of what it could not send, unless it is asked to.
let isSent = true
setGlobalErrorHandler((error) => {
  isSent = false
  console.error(String(error))
})

const exporter = new OTLPMetricExporter({
  url: `${WEIR_INGEST_URL}/v1/metrics`,
  headers: { authorization: `Bearer ${WEIR_TOKEN}` },
})
const provider = new MeterProvider({
  resource: resourceFromAttributes({ 'service.name': 'snippets' }),
  readers: [new PeriodicExportingMetricReader({ exporter })],
})
const orders = provider.getMeter('shop').createCounter('orders')
orders.add(2, { city: 'Berlin' })
orders.add(1, { city: 'Lyon' })
// Sends what is left.
await provider.shutdown()
if (!isSent) process.exit(1)
console.log('two series sent')
