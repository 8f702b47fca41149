// Budget: 10 us a data point (bench/src/ingest.bench.ts).

import { fromBinary, fromJson, type JsonValue } from '@bufbuild/protobuf'
import { type Event, WeirError } from '@weir/proto'
import { bodyJson } from '../../body/body-text.ts'
import { freshId } from '../../encode/event-id.ts'
import type { IngestRecord } from '../../encode/record.ts'
import { type Defaults, rejection, seal } from '../../encode/seal.ts'
import {
  type ExportMetricsServiceRequest,
  ExportMetricsServiceRequestSchema,
} from '../../gen/opentelemetry/proto/collector/metrics/v1/metrics_service_pb.js'
import type { Metric } from '../../gen/opentelemetry/proto/metrics/v1/metrics_pb.js'
import { ingestLimits } from '../../limits.ts'
import type { DecodeContext, Decoder } from '../decoder.ts'
import { tooManyRecords } from '../too-many-records.ts'
import { type Origin, originOf } from './origin.ts'
import { type MetricPoints, type Point, pointsOf } from './readings.ts'
import { seriesOf } from './series.ts'
import { timestampOfNano } from './timestamp.ts'

/** OTLP 1.x metrics in Protobuf: a record for each data point. docs/otlp.md says how a point becomes an event. */
export const otlpMetricsProtobuf: Decoder = {
  name: 'OTLP metrics in Protobuf',
  mediaTypes: ['application/x-protobuf'],
  decode: (body, context) => recordsOf(decodeBinary(body), context),
}

/** The same in JSON (OTLP's own, with unknown fields ignored as it asks). */
export const otlpMetricsJson: Decoder = {
  name: 'OTLP metrics in JSON',
  mediaTypes: ['application/json'],
  decode: (body, context) => recordsOf(decodeText(body), context),
}

function decodeBinary(body: Uint8Array): ExportMetricsServiceRequest {
  try {
    return fromBinary(ExportMetricsServiceRequestSchema, body, { readUnknownFields: false })
  } catch (cause) {
    throw new WeirError('malformed', 'The body is not an ExportMetricsServiceRequest in Protobuf.', { cause })
  }
}

function decodeText(body: Uint8Array): ExportMetricsServiceRequest {
  try {
    return fromJson(ExportMetricsServiceRequestSchema, bodyJson(body) as JsonValue, { ignoreUnknownFields: true })
  } catch (cause) {
    if (cause instanceof WeirError) throw cause
    throw new WeirError('malformed', `The body is not an ExportMetricsServiceRequest in JSON: ${cause}`, { cause })
  }
}

function recordsOf(request: ExportMetricsServiceRequest, { defaults }: DecodeContext): readonly IngestRecord[] {
  const records: IngestRecord[] = []
  for (const { resource, scopeMetrics } of request.resourceMetrics) {
    const origin = originOf(resource)
    for (const { metrics } of scopeMetrics) {
      for (const metric of metrics) pushMetric(records, origin, metric, defaults)
    }
  }
  return records
}

function pushMetric(records: IngestRecord[], origin: Origin, metric: Metric, defaults: Defaults): void {
  const kind = pointsOf(metric)
  if (records.length + kind.points.length > ingestLimits.recordsMax) throw tooManyRecords()
  for (const point of kind.points) records.push(pointRecord(records.length, origin, metric, kind, point, defaults))
}

function pointRecord(
  index: number,
  origin: Origin,
  metric: Metric,
  kind: MetricPoints,
  point: Point,
  defaults: Defaults,
): IngestRecord {
  if (point.metrics === undefined) {
    return { index, code: 'invalid', message: `${metric.name}: the point says that no value was recorded.` }
  }
  try {
    const { subject, labels } = seriesOf(origin, metric.name, point.attributes)
    for (const key in kind.labels) labels[key] = kind.labels[key] ?? ''
    const event: Event = {
      $typeName: 'weir.v1.Event',
      // A point without a time of its own may well be sent again with the same value: it is no duplicate.
      id: point.timeUnixNano === 0n ? freshId() : '',
      type: kind.type,
      source: origin.source,
      labels,
      traceparent: '',
      data: {
        case: 'reading',
        value: {
          $typeName: 'weir.v1.Reading',
          metrics: point.metrics,
          units: unitsOf(metric, point.metrics),
          times: {},
        },
      },
    }
    if (point.timeUnixNano !== 0n) event.time = timestampOfNano(point.timeUnixNano)
    return seal(index, subject, event, defaults, true)
  } catch (thrown) {
    return rejection(index, thrown)
  }
}

/** The unit belongs to the value, not to how many values were counted. */
function unitsOf({ unit }: Metric, metrics: { [name: string]: number }): { [name: string]: string } {
  if (unit === '') return {}
  const units: { [name: string]: string } = {}
  for (const name of ['value', 'sum', 'min', 'max']) if (name in metrics) units[name] = unit
  return units
}
