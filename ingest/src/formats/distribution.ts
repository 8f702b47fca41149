import { beyondDouble } from '../encode/exact-integer.ts'

/** The numbers of a point by their names; those that a double cannot hold also as integers. */
export interface PointValues {
  readonly metrics: { [name: string]: number }
  readonly integers: { [name: string]: bigint }
}

/** What every histogram and summary has: sum, min and max where they are numbers. */
export function distribution(count: bigint | number, sum?: number, min?: number, max?: number): PointValues {
  const values: PointValues = { metrics: {}, integers: {} }
  setCount(values, 'count', count)
  // A sum over a value that was no number is none.
  if (sum !== undefined && Number.isFinite(sum)) values.metrics.sum = sum
  if (min !== undefined && Number.isFinite(min)) values.metrics.min = min
  if (max !== undefined && Number.isFinite(max)) values.metrics.max = max
  return values
}

/**
 * A bucket by its upper bound, with the count of all values up to it, as Prometheus names them.
 * Buckets with bounds of one text are one: those that are too near to each other for a double, and
 * those past every double.
 */
export function setBucket(values: PointValues, bound: number, below: bigint | number): void {
  if (bound === Number.NEGATIVE_INFINITY || Number.isNaN(bound)) return
  setCount(values, bound === Number.POSITIVE_INFINITY ? 'le=+Inf' : `le=${bound}`, below)
}

function setCount({ metrics, integers }: PointValues, name: string, count: bigint | number): void {
  const value = Number(count)
  metrics[name] = value
  if (typeof count === 'number' || Math.abs(value) <= Number.MAX_SAFE_INTEGER) return
  const exact = beyondDouble(count)
  if (exact !== undefined) integers[name] = exact
}
