import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HostMetrics } from '@opentelemetry/host-metrics'
import { AggregationType, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { withUnits } from './host-units.ts'

class Reader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

test('each metric that the stock package measures of this machine has its unit', async () => {
  const reader = new Reader()
  const meterProvider = new MeterProvider({
    views: [{ instrumentName: 'system.cpu.time', aggregation: { type: AggregationType.DROP } }],
    readers: [reader],
  })
  new HostMetrics({ meterProvider, metricGroups: ['system.cpu', 'system.memory'] }).start()
  const { resourceMetrics } = await reader.collect()
  const found = withUnits(resourceMetrics).scopeMetrics.flatMap(({ metrics }) =>
    metrics.map(({ descriptor }) => [descriptor.name, descriptor.unit]),
  )
  assert.deepEqual(Object.fromEntries(found), {
    'system.cpu.utilization': '1',
    'system.memory.usage': 'By',
    'system.memory.utilization': '1',
  })
  await meterProvider.shutdown()
})
