import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { limits } from '../../limits.ts'
import { MetricStatistics } from './metric-statistics.ts'

function statisticsOf(values: readonly number[]): MetricStatistics {
  const statistics = new MetricStatistics()
  for (const [at, value] of values.entries()) statistics.add(value, at, at, '')
  return statistics
}

/** By sorting: the smallest value that at least so many percent of all do not exceed. */
function bySorting(values: readonly number[], percentile: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const found = sorted.find((_value, at) => (at + 1) * 100 >= percentile * values.length)
  return found ?? Number.NaN
}

test('a spike among few values is seen', () => {
  assert.equal(statisticsOf([1, 1000]).percentile(95), 1000)
  assert.equal(statisticsOf([10, 11, 9, 10, 12, 10, 9, 11, 10, 100]).percentile(99), 100)
  assert.equal(statisticsOf([0.1, 0.1, 0.1, 0.95, 0.1, 0.1]).percentile(95), 0.95)
  assert.equal(statisticsOf([5]).percentile(0), 5)
})

test('percentiles are those of a sorted list, exact while the values are few', () => {
  const whole = fc.integer({ min: 0, max: 100 })
  const values = fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), {
    minLength: 1,
    maxLength: limits.exactValuesMax,
    size: 'max',
  })
  fc.assert(
    fc.property(values, whole, (values, percentile) => {
      assert.equal(statisticsOf(values).percentile(percentile) + 0, bySorting(values, percentile) + 0)
    }),
  )
})

test('percentiles of many values are within 1% of those of a sorted list', () => {
  const percentile = fc.integer({ min: 0, max: 1000 }).map((tenth) => tenth / 10)
  const values = fc.array(
    fc.oneof(
      fc.double({ noNaN: true, min: 1e-3, max: 1e6 }),
      fc.double({ noNaN: true, min: -1e6, max: -1e-3 }),
      fc.constant(0),
    ),
    {
      minLength: limits.exactValuesMax + 1,
      maxLength: 4 * limits.exactValuesMax,
      size: 'max',
    },
  )
  fc.assert(
    fc.property(values, percentile, (values, percentile) => {
      const right = bySorting(values, percentile)
      const estimate = statisticsOf(values).percentile(percentile)
      assert.ok(Math.abs(estimate - right) <= Math.abs(right) * 0.010_01, `${estimate} for ${right}`)
    }),
    { numRuns: 50 },
  )
})

test('the order of the values changes nothing', () => {
  const values = fc.array(fc.integer({ min: -1_000, max: 1_000 }), { minLength: 1, maxLength: 600, size: 'max' })
  fc.assert(
    fc.property(values, (values) => {
      for (const percentile of [0, 50, 95, 99, 100]) {
        assert.equal(
          statisticsOf(values).percentile(percentile),
          statisticsOf(values.toReversed()).percentile(percentile),
        )
      }
    }),
    { numRuns: 50 },
  )
})
