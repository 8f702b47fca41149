// Budget: 10 us a data point (bench/src/ingest.bench.ts).

import { type Event, WeirError } from '@weir/proto'
import { bodyText } from '../../body/body-text.ts'
import { freshId } from '../../encode/event-id.ts'
import type { IngestRecord } from '../../encode/record.ts'
import { type Defaults, seal } from '../../encode/seal.ts'
import { ExportMetricsServiceRequestSchema } from '../../gen/opentelemetry/proto/collector/metrics/v1/metrics_service_pb.js'
import {
  ExponentialHistogramDataPointSchema,
  ExponentialHistogramSchema,
  GaugeSchema,
  HistogramDataPointSchema,
  HistogramSchema,
  type Metric,
  MetricSchema,
  NumberDataPointSchema,
  ResourceMetricsSchema,
  ScopeMetricsSchema,
  SummaryDataPointSchema,
  SummarySchema,
  SumSchema,
} from '../../gen/opentelemetry/proto/metrics/v1/metrics_pb.js'
import type { DecodeContext, Decoder } from '../decoder.ts'
import type { RecordFaults } from '../message-tree.ts'
import { type RequestMessage, requestFromBinary, requestFromJson } from '../request-message.ts'
import { jsonWithLongIntegers } from './long-integers.ts'
import { type Origin, originOrFault } from './origin.ts'
import { type Point, pointsOf } from './readings.ts'
import { pushRecords } from './records.ts'
import { MetricSeries } from './series.ts'
import { timestampOfNano } from './timestamp.ts'

/**
 * OTLP 1.x metrics in Protobuf: a record for each data point. docs/otlp.md says how a point becomes
 * an event.
 */
export const otlpMetricsProtobuf: Decoder = {
  name: 'OTLP metrics in Protobuf',
  mediaTypes: ['application/x-protobuf'],
  decode: (body, context) => recordsOf(requestFromBinary(tree, body), context),
}

/** The same in JSON (OTLP's own, with unknown fields ignored as it asks). */
export const otlpMetricsJson: Decoder = {
  name: 'OTLP metrics in JSON',
  mediaTypes: ['application/json'],
  decode: (body, context) => recordsOf(requestFromJson(tree, jsonWithLongIntegers(bodyText(body))), context),
}

const metricTree = {
  schema: MetricSchema,
  fields: {
    gauge: { schema: GaugeSchema, fields: { dataPoints: { schema: NumberDataPointSchema } } },
    sum: { schema: SumSchema, fields: { dataPoints: { schema: NumberDataPointSchema } } },
    histogram: { schema: HistogramSchema, fields: { dataPoints: { schema: HistogramDataPointSchema } } },
    exponentialHistogram: {
      schema: ExponentialHistogramSchema,
      fields: { dataPoints: { schema: ExponentialHistogramDataPointSchema } },
    },
    summary: { schema: SummarySchema, fields: { dataPoints: { schema: SummaryDataPointSchema } } },
  },
}
const scopeTree = { schema: ScopeMetricsSchema, fields: { metrics: metricTree } }
const resourceTree = { schema: ResourceMetricsSchema, fields: { scopeMetrics: scopeTree } }
const tree = { schema: ExportMetricsServiceRequestSchema, fields: { resourceMetrics: resourceTree } }

function recordsOf(
  { message, faults }: RequestMessage<typeof ExportMetricsServiceRequestSchema>,
  { defaults }: DecodeContext,
): readonly IngestRecord[] {
  const records: IngestRecord[] = []
  for (const { resource, scopeMetrics } of message.resourceMetrics) {
    for (const { scope, metrics } of scopeMetrics) {
      const origin = originOrFault(resource, scope)
      for (const metric of metrics) pushPoints(records, origin, metric, faults, defaults)
    }
  }
  return records
}

function pushPoints(
  records: IngestRecord[],
  origin: Origin | WeirError,
  { name, unit, data }: Metric,
  faults: RecordFaults,
  defaults: Defaults,
): void {
  const { type, labels, points } = pointsOf(data)
  const series = origin instanceof WeirError ? origin : new MetricSeries(origin, { name, unit, type, labels })
  pushRecords(records, series, points, faults, (index, source: MetricSeries, point) =>
    pointRecord(index, source, point, defaults),
  )
}

function pointRecord(index: number, series: MetricSeries, point: Point, defaults: Defaults): IngestRecord {
  const { name, unit, type } = series.metric
  const { values } = point
  if (typeof values === 'string') return { index, code: 'invalid', message: `${name.slice(0, 128)}: ${values}` }
  const { subject, labels } = series.of(point.attributes)
  const event: Event = {
    $typeName: 'weir.v1.Event',
    // A point without a time of its own may well be sent again with the same value: it is no
    // duplicate.
    id: point.timeUnixNano === 0n ? freshId() : '',
    type,
    source: series.origin.source,
    labels,
    traceparent: '',
    data: {
      case: 'reading',
      value: {
        $typeName: 'weir.v1.Reading',
        metrics: values.metrics,
        units: unitsOf(unit, values.metrics),
        times: {},
        integers: values.integers,
      },
    },
  }
  if (point.timeUnixNano !== 0n) event.time = timestampOfNano(point.timeUnixNano)
  return seal(index, subject, event, defaults, true)
}

/** The unit belongs to the value, not to how many values were counted. */
function unitsOf(unit: string, metrics: Readonly<Record<string, number>>): { [name: string]: string } {
  if (unit === '') return {}
  const units: { [name: string]: string } = {}
  for (const name of ['value', 'sum', 'min', 'max']) if (name in metrics) units[name] = unit
  return units
}
