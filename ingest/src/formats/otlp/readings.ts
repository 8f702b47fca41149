import { beyondDouble } from '../../encode/exact-integer.ts'
import type { KeyValue } from '../../gen/opentelemetry/proto/common/v1/common_pb.js'
import type { Metric } from '../../gen/opentelemetry/proto/metrics/v1/metrics_pb.js'
import {
  AggregationTemporality,
  type ExponentialHistogramDataPoint,
  type HistogramDataPoint,
  type NumberDataPoint,
  type SummaryDataPoint,
} from '../../gen/opentelemetry/proto/metrics/v1/metrics_pb.js'
import { distribution, type PointValues, setBucket } from '../distribution.ts'

/** A data point as Weir sees it. */
export interface Point {
  readonly attributes: readonly KeyValue[]
  readonly timeUnixNano: bigint
  /** A text says what is wrong with the point. */
  readonly values: PointValues | string
}

/** The event type of a metric, the labels of its kind, and its points. */
export interface MetricPoints {
  readonly type: string
  readonly labels: Readonly<Record<string, string>>
  readonly points: readonly Point[]
}

export function pointsOf(data: Metric['data']): MetricPoints {
  switch (data.case) {
    case 'gauge':
      return { type: 'otel.gauge', labels: {}, points: pointsBy(data.value.dataPoints, numberValues) }
    case 'sum':
      return {
        type: 'otel.sum',
        labels: {
          temporality: temporality(data.value.aggregationTemporality),
          monotonic: String(data.value.isMonotonic),
        },
        points: pointsBy(data.value.dataPoints, numberValues),
      }
    case 'histogram':
      return {
        type: 'otel.histogram',
        labels: { temporality: temporality(data.value.aggregationTemporality) },
        points: pointsBy(data.value.dataPoints, histogramValues),
      }
    case 'exponentialHistogram':
      return {
        type: 'otel.histogram',
        labels: { temporality: temporality(data.value.aggregationTemporality) },
        points: pointsBy(data.value.dataPoints, exponentialValues),
      }
    case 'summary':
      return { type: 'otel.summary', labels: {}, points: pointsBy(data.value.dataPoints, summaryValues) }
    case undefined:
      return { type: '', labels: {}, points: [] }
  }
}

/** What every kind of data point has. */
interface AnyPoint {
  readonly attributes: readonly KeyValue[]
  readonly timeUnixNano: bigint
  readonly flags: number
}

function pointsBy<P extends AnyPoint>(points: readonly P[], values: (point: P) => PointValues | string): Point[] {
  return points.map((point) => ({
    attributes: point.attributes,
    timeUnixNano: point.timeUnixNano,
    // DataPointFlags.NO_RECORDED_VALUE_MASK
    values: (point.flags & 1) === 1 ? noValue : values(point),
  }))
}

const noValue = 'the point says that no value was recorded.'

function numberValues({ value }: NumberDataPoint): PointValues | string {
  if (value.case === undefined) return noValue
  if (value.case === 'asDouble') return { metrics: { value: value.value }, integers: noIntegers }
  const exact = beyondDouble(value.value)
  return {
    metrics: { value: Number(value.value) },
    integers: exact === undefined ? noIntegers : { value: exact },
  }
}

/** Shared, as nearly every point has none. */
const noIntegers: PointValues['integers'] = Object.freeze({})

/**
 * Buckets are cumulative and named by their upper bound, as Prometheus has them: `le=0.5`,
 * `le=+Inf`.
 */
function histogramValues(point: HistogramDataPoint): PointValues | string {
  const { count, sum, min, max, bucketCounts, explicitBounds } = point
  const fault = boundsFault(bucketCounts.length, explicitBounds)
  if (fault !== undefined) return fault
  const values = distribution(count, sum, min, max)
  let below = 0n
  for (let at = 0; at < bucketCounts.length; at++) {
    below += bucketCounts[at] as bigint
    // The last bucket has no bound.
    setBucket(values, explicitBounds[at] ?? Number.POSITIVE_INFINITY, below)
  }
  return values
}

function boundsFault(buckets: number, bounds: readonly number[]): string | undefined {
  if (buckets !== bounds.length + 1 && buckets + bounds.length > 0) {
    return `${buckets} bucketCounts do not go with ${bounds.length} explicitBounds: there is one bucket more than bounds.`
  }
  for (let at = 0; at < bounds.length; at++) {
    const bound = bounds[at] as number
    if (Number.isNaN(bound) || bound <= (bounds[at - 1] ?? Number.NEGATIVE_INFINITY)) {
      return `explicitBounds[${at}] is ${bound}, which does not go up from the bound before it.`
    }
  }
  return undefined
}

/**
 * Bucket i holds (base^i, base^(i+1)], where base is 2^(2^-scale). Negative values come first, as
 * they are lowest. What has a bound that no double can hold is counted with the next bucket that
 * has one.
 */
function exponentialValues(point: ExponentialHistogramDataPoint): PointValues {
  const { count, sum, min, max, scale, zeroCount, positive, negative } = point
  const values = distribution(count, sum, min, max)
  const bound = (index: number): number => 2 ** (index * 2 ** -scale)
  let below = 0n
  const lower = negative?.bucketCounts ?? []
  for (let at = lower.length - 1; at >= 0; at--) {
    below += lower[at] as bigint
    if (lower[at] !== 0n) setBucket(values, -bound((negative?.offset ?? 0) + at), below)
  }
  below += zeroCount
  if (zeroCount !== 0n) setBucket(values, 0, below)
  const upper = positive?.bucketCounts ?? []
  for (let at = 0; at < upper.length; at++) {
    below += upper[at] as bigint
    if (upper[at] !== 0n) setBucket(values, bound((positive?.offset ?? 0) + at + 1), below)
  }
  setBucket(values, Number.POSITIVE_INFINITY, count)
  return values
}

/** A quantile that is no number, as of a window without values, is left out. */
function summaryValues({ count, sum, quantileValues }: SummaryDataPoint): PointValues {
  const values = distribution(count, sum)
  for (const { quantile, value } of quantileValues) {
    if (Number.isFinite(value) && Number.isFinite(quantile)) values.metrics[`quantile=${quantile}`] = value
  }
  return values
}

function temporality(value: AggregationTemporality): string {
  if (value === AggregationTemporality.DELTA) return 'delta'
  return value === AggregationTemporality.CUMULATIVE ? 'cumulative' : 'unspecified'
}
