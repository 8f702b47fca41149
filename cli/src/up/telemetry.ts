// A process of its own: this machine's CPU and memory, measured and sent by the stock OpenTelemetry
// packages as any program would send its own. Arguments: the address of ingest. The token comes in
// the environment, where `ps` does not show it.

import { hostname } from 'node:os'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { HostMetrics } from '@opentelemetry/host-metrics'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { AggregationType, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { limits } from '../limits.ts'
import { withUnits } from './host-units.ts'

const [ingestUrl = ''] = process.argv.slice(2)
const intervalMs = limits.telemetryIntervalMs

class Exporter extends OTLPMetricExporter {
  override export(...[metrics, told]: Parameters<OTLPMetricExporter['export']>): void {
    super.export(withUnits(metrics), told)
  }
}

const exporter = new Exporter({
  url: `${ingestUrl}/v1/metrics`,
  headers: { Authorization: `Bearer ${process.env.WEIR_TOKEN ?? ''}` },
})
const meterProvider = new MeterProvider({
  // What the page shows is enough: the sums of CPU time say the same again, five to each CPU.
  views: [{ instrumentName: 'system.cpu.time', aggregation: { type: AggregationType.DROP } }],
  resource: resourceFromAttributes({ 'service.name': 'host', 'host.name': hostname() }),
  readers: [
    new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: intervalMs, exportTimeoutMillis: intervalMs }),
  ],
})
// Only these groups: the network group alone would double what the measuring costs.
new HostMetrics({ meterProvider, metricGroups: ['system.cpu', 'system.memory'] }).start()
console.log(`Sending this machine's CPU and memory to ${ingestUrl} every ${intervalMs / 1000} s.`)

// The exporter's timer does not keep the process alive.
const keepAlive = setInterval(() => undefined, 60_000)
for (const name of ['SIGTERM', 'SIGINT'] as const) {
  process.once(name, () => {
    clearInterval(keepAlive)
    process.exit(0)
  })
}
