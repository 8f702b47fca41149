import { WeirError } from '@weir/proto'
import type { BucketSpan, Histogram } from '../../gen/prometheus/remote_pb.js'
import { ingestLimits } from '../../limits.ts'
import { distribution, type PointValues, setBucket } from '../distribution.ts'

/**
 * A native histogram with cumulative buckets by their upper bounds, as one of OTLP has them, of
 * which empty ones are left out. Undefined for a stale marker. Throws `invalid`.
 */
export function histogramValues(histogram: Histogram): PointValues | undefined {
  const { count, sum, schema, zeroThreshold, zeroCount, customValues } = histogram
  // Stale markers of Prometheus have a sum that is no number, and so has one over no numbers.
  if (Number.isNaN(sum) && Number(count.value ?? 0) === 0) return undefined
  const isCustom = schema === CUSTOM_BUCKETS
  if (!isCustom && (schema < -4 || schema > 8)) {
    throw new WeirError('invalid', `A native histogram of schema ${schema} is not known: send -4 to 8, or -53.`)
  }
  // Bucket i holds (base^(i-1), base^i], where base is 2^(2^-schema).
  const bound = (index: number): number =>
    isCustom ? (customValues[index] ?? Number.POSITIVE_INFINITY) : 2 ** (index * 2 ** -schema)
  const isFloat = count.case === 'countFloat'
  const negative = buckets(histogram.negativeSpans, isFloat ? histogram.negativeCounts : histogram.negativeDeltas)
  const positive = buckets(histogram.positiveSpans, isFloat ? histogram.positiveCounts : histogram.positiveDeltas)
  const values = distribution(count.value ?? 0, sum)
  let below: Count = isFloat ? 0 : 0n
  for (const { index, count } of negative.toReversed()) {
    below = sumOf(below, count)
    setBucket(values, -bound(index - 1), below)
  }
  const zeros = zeroCount.value ?? 0
  below = sumOf(below, zeros)
  if (Number(zeros) !== 0) setBucket(values, zeroThreshold, below)
  for (const { index, count } of positive) {
    below = sumOf(below, count)
    setBucket(values, bound(index), below)
  }
  setBucket(values, Number.POSITIVE_INFINITY, count.value ?? 0)
  return values
}

const CUSTOM_BUCKETS = -53

type Count = bigint | number

interface Bucket {
  readonly index: number
  readonly count: Count
}

/** Those that are not empty. Integers come as differences to the bucket before. */
function buckets(spans: readonly BucketSpan[], counts: readonly Count[]): readonly Bucket[] {
  const found: Bucket[] = []
  let at = 0
  let index = 0
  let total = 0n
  for (const { offset, length } of spans) {
    index += offset
    if (at + length > counts.length || at + length > ingestLimits.histogramBucketsMax) {
      throw new WeirError('invalid', 'The spans of a native histogram do not go with its buckets, or are too many.')
    }
    for (let end = at + length; at < end; at++, index++) {
      const given = counts[at] as Count
      if (typeof given === 'bigint') total += given
      const count = typeof given === 'bigint' ? total : given
      if (Number(count) !== 0) found.push({ index, count })
    }
  }
  return found
}

function sumOf(a: Count, b: Count): Count {
  return typeof a === 'bigint' && typeof b === 'bigint' ? a + b : Number(a) + Number(b)
}
