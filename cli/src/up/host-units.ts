import type { ResourceMetrics } from '@opentelemetry/sdk-metrics'

/**
 * Host metrics with the units (UCUM) that the semantic conventions of OpenTelemetry give them. The
 * package that measures them names none, and a view cannot add one. A unit that there is stays.
 */
export function withUnits(metrics: ResourceMetrics): ResourceMetrics {
  return {
    ...metrics,
    scopeMetrics: metrics.scopeMetrics.map((scope) => ({
      ...scope,
      metrics: scope.metrics.map((metric) => {
        const { descriptor } = metric
        return { ...metric, descriptor: { ...descriptor, unit: descriptor.unit || (units[descriptor.name] ?? '') } }
      }),
    })),
  }
}

const units: Readonly<Record<string, string>> = {
  'system.cpu.utilization': '1',
  'system.memory.usage': 'By',
  'system.memory.utilization': '1',
}
