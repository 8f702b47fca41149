import type { KeyValue } from '../../gen/opentelemetry/proto/common/v1/common_pb.js'
import type { Metric } from '../../gen/opentelemetry/proto/metrics/v1/metrics_pb.js'
import {
  AggregationTemporality,
  type ExponentialHistogramDataPoint,
  type HistogramDataPoint,
  type NumberDataPoint,
  type SummaryDataPoint,
} from '../../gen/opentelemetry/proto/metrics/v1/metrics_pb.js'

/** A data point as Weir sees it. */
export interface Point {
  readonly attributes: readonly KeyValue[]
  readonly timeUnixNano: bigint
  /** Undefined when the point says that no value was recorded. */
  readonly metrics: { [name: string]: number } | undefined
}

/** The event type of a metric, what labels it has beside its attributes, and its points. */
export interface MetricPoints {
  readonly type: string
  readonly labels: Readonly<Record<string, string>>
  readonly points: readonly Point[]
}

export function pointsOf(metric: Metric): MetricPoints {
  const { data } = metric
  switch (data.case) {
    case 'gauge':
      return { type: 'otel.gauge', labels: {}, points: data.value.dataPoints.map(numberPoint) }
    case 'sum':
      return {
        type: 'otel.sum',
        labels: {
          temporality: temporality(data.value.aggregationTemporality),
          monotonic: String(data.value.isMonotonic),
        },
        points: data.value.dataPoints.map(numberPoint),
      }
    case 'histogram':
      return {
        type: 'otel.histogram',
        labels: { temporality: temporality(data.value.aggregationTemporality) },
        points: data.value.dataPoints.map(histogramPoint),
      }
    case 'exponentialHistogram':
      return {
        type: 'otel.histogram',
        labels: { temporality: temporality(data.value.aggregationTemporality) },
        points: data.value.dataPoints.map(exponentialPoint),
      }
    case 'summary':
      return { type: 'otel.summary', labels: {}, points: data.value.dataPoints.map(summaryPoint) }
    case undefined:
      return { type: '', labels: {}, points: [] }
  }
}

function numberPoint({ attributes, timeUnixNano, value, flags }: NumberDataPoint): Point {
  if (hasNoValue(flags) || value.case === undefined) return { attributes, timeUnixNano, metrics: undefined }
  return { attributes, timeUnixNano, metrics: { value: Number(value.value) } }
}

/** Buckets are cumulative and named by their upper bound, as Prometheus has them: `le=0.5`, `le=+Inf`. */
function histogramPoint(point: HistogramDataPoint): Point {
  const { attributes, timeUnixNano, flags, count, sum, min, max, bucketCounts, explicitBounds } = point
  if (hasNoValue(flags)) return { attributes, timeUnixNano, metrics: undefined }
  const metrics = distribution(count, sum, min, max)
  let below = 0
  for (let at = 0; at < bucketCounts.length; at++) {
    below += Number(bucketCounts[at])
    const bound = explicitBounds[at]
    metrics[`le=${bound ?? '+Inf'}`] = below
  }
  return { attributes, timeUnixNano, metrics }
}

/** Bucket i holds (base^i, base^(i+1)], where base is 2^(2^-scale). Negative values come first, as they are lowest. */
function exponentialPoint(point: ExponentialHistogramDataPoint): Point {
  const { attributes, timeUnixNano, flags, count, sum, min, max, scale, zeroCount, positive, negative } = point
  if (hasNoValue(flags)) return { attributes, timeUnixNano, metrics: undefined }
  const metrics = distribution(count, sum, min, max)
  const bound = (index: number): number => 2 ** (index * 2 ** -scale)
  let below = 0
  const lower = negative?.bucketCounts ?? []
  for (let at = lower.length - 1; at >= 0; at--) {
    below += Number(lower[at])
    if (lower[at] !== 0n) metrics[`le=${-bound((negative?.offset ?? 0) + at)}`] = below
  }
  below += Number(zeroCount)
  if (zeroCount !== 0n) metrics['le=0'] = below
  const upper = positive?.bucketCounts ?? []
  for (let at = 0; at < upper.length; at++) {
    below += Number(upper[at])
    if (upper[at] !== 0n) metrics[`le=${bound((positive?.offset ?? 0) + at + 1)}`] = below
  }
  metrics['le=+Inf'] = Number(count)
  return { attributes, timeUnixNano, metrics }
}

function summaryPoint({ attributes, timeUnixNano, flags, count, sum, quantileValues }: SummaryDataPoint): Point {
  if (hasNoValue(flags)) return { attributes, timeUnixNano, metrics: undefined }
  const metrics: { [name: string]: number } = { count: Number(count), sum }
  for (const { quantile, value } of quantileValues) metrics[`quantile=${quantile}`] = value
  return { attributes, timeUnixNano, metrics }
}

function distribution(
  count: bigint,
  sum: number | undefined,
  min: number | undefined,
  max: number | undefined,
): { [name: string]: number } {
  const metrics: { [name: string]: number } = { count: Number(count) }
  if (sum !== undefined) metrics.sum = sum
  if (min !== undefined) metrics.min = min
  if (max !== undefined) metrics.max = max
  return metrics
}

/** DataPointFlags.NO_RECORDED_VALUE_MASK. */
function hasNoValue(flags: number): boolean {
  return (flags & 1) === 1
}

function temporality(value: AggregationTemporality): string {
  if (value === AggregationTemporality.DELTA) return 'delta'
  return value === AggregationTemporality.CUMULATIVE ? 'cumulative' : 'unspecified'
}
