import { create } from '@bufbuild/protobuf'
import {
  type ExportLogsServiceRequest,
  ExportLogsServiceRequestSchema,
} from '../src/gen/opentelemetry/proto/collector/logs/v1/logs_service_pb.js'
import {
  type ExportMetricsServiceRequest,
  ExportMetricsServiceRequestSchema,
} from '../src/gen/opentelemetry/proto/collector/metrics/v1/metrics_service_pb.js'
import {
  type ExportTraceServiceRequest,
  ExportTraceServiceRequestSchema,
} from '../src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js'

const stringAttribute = (key: string, text: string) => ({
  key,
  value: { value: { case: 'stringValue' as const, value: text } },
})
const resource = { attributes: [stringAttribute('service.name', 'shop'), stringAttribute('host.name', 'web-1')] }
const timeUnixNano = 1_790_000_000_250_000_000n
const attributes = [stringAttribute('system.cpu.state', 'idle')]

export const metricsRequest: ExportMetricsServiceRequest = create(ExportMetricsServiceRequestSchema, {
  resourceMetrics: [
    {
      resource,
      scopeMetrics: [
        {
          metrics: [
            {
              name: 'system.cpu.utilization',
              unit: '1',
              data: {
                case: 'gauge',
                value: { dataPoints: [{ attributes, timeUnixNano, value: { case: 'asDouble', value: 0.25 } }] },
              },
            },
            {
              name: 'orders',
              data: {
                case: 'sum',
                value: {
                  aggregationTemporality: 2,
                  isMonotonic: true,
                  dataPoints: [{ timeUnixNano, value: { case: 'asInt', value: 7n } }],
                },
              },
            },
            {
              name: 'latency',
              unit: 's',
              data: {
                case: 'histogram',
                value: {
                  aggregationTemporality: 1,
                  dataPoints: [
                    { timeUnixNano, count: 3n, sum: 1.5, bucketCounts: [1n, 2n, 0n], explicitBounds: [0.1, 1], max: 1 },
                  ],
                },
              },
            },
            {
              name: 'size',
              data: {
                case: 'exponentialHistogram',
                value: {
                  aggregationTemporality: 1,
                  dataPoints: [
                    {
                      timeUnixNano,
                      count: 4n,
                      sum: 1,
                      scale: 0,
                      zeroCount: 1n,
                      positive: { offset: 0, bucketCounts: [1n, 1n] },
                      negative: { offset: 1, bucketCounts: [1n] },
                    },
                  ],
                },
              },
            },
            {
              name: 'rpc',
              data: {
                case: 'summary',
                value: {
                  dataPoints: [{ timeUnixNano, count: 2n, sum: 3, quantileValues: [{ quantile: 0.99, value: 2 }] }],
                },
              },
            },
          ],
        },
      ],
    },
  ],
})
export const metricSubjects: readonly string[] = [
  'metrics.shop.web-1.system.cpu.utilization.state=idle.id=MdOl4PzqmIp_Qm',
  'metrics.shop.web-1.orders.id=YGqNTsu-URYNL5',
  'metrics.shop.web-1.latency.id=ooHfGGVli4-oME',
  'metrics.shop.web-1.size.id=PK9GAkZAy-yU_J',
  'metrics.shop.web-1.rpc.id=D2x3zh6lXV4wTP',
]

export const logsRequest: ExportLogsServiceRequest = create(ExportLogsServiceRequestSchema, {
  resourceLogs: [
    {
      resource,
      scopeLogs: [
        {
          logRecords: [
            {
              timeUnixNano,
              severityNumber: 17,
              severityText: 'ERROR',
              body: { value: { case: 'stringValue', value: 'no paper' } },
              attributes: [stringAttribute('printer', 'p1')],
              traceId: Uint8Array.from({ length: 16 }, (_, at) => at + 1),
              spanId: Uint8Array.from({ length: 8 }, (_, at) => at + 1),
              flags: 1,
            },
            { observedTimeUnixNano: timeUnixNano, eventName: 'printer.idle' },
          ],
        },
      ],
    },
  ],
})
export const logSubjects: readonly string[] = ['logs.shop.web-1.error', 'logs.shop.web-1.unspecified']

const traceId = Uint8Array.from({ length: 16 }, (_, at) => at + 1)
const spanId = Uint8Array.from({ length: 8 }, (_, at) => at + 1)
export const tracesRequest: ExportTraceServiceRequest = create(ExportTraceServiceRequestSchema, {
  resourceSpans: [
    {
      resource,
      scopeSpans: [
        {
          scope: { name: 'http', version: '1' },
          spans: [
            {
              traceId,
              spanId,
              name: 'GET /orders/:id',
              kind: 2,
              startTimeUnixNano: timeUnixNano,
              endTimeUnixNano: timeUnixNano + 1_500_000n,
              attributes,
              events: [{ timeUnixNano, name: 'retry', attributes }],
              links: [{ traceId, spanId }],
              status: { code: 2, message: 'gone' },
            },
            {
              traceId,
              spanId: spanId.toReversed(),
              parentSpanId: spanId,
              name: 'query',
              endTimeUnixNano: timeUnixNano,
            },
          ],
        },
      ],
    },
  ],
})
export const traceSubjects: readonly string[] = ['traces.shop.GET__orders__id.id=wjlqcVBVSd4tLg', 'traces.shop.query']
