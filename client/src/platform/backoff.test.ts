import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backoffMs } from './backoff.ts'

test('the range doubles with each attempt up to the maximum', () => {
  const ends = [0, 1, 2, 3, 10, 5000].map((attempt) => backoffMs(attempt, 500, 3000, () => 1))
  assert.deepEqual(ends, [500, 1000, 2000, 3000, 3000, 3000])
})

test('the wait is any part of the range', () => {
  assert.equal(
    backoffMs(3, 500, 30_000, () => 0),
    0,
  )
  assert.equal(
    backoffMs(3, 500, 30_000, () => 0.25),
    1000,
  )
})
