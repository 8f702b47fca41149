import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backoffMs } from './backoff.ts'

test('the span doubles up to the most, and never overflows', () => {
  const spans = [0, 1, 2, 3, 10, 1e6].map((attempt) => backoffMs(attempt, 100, 700, () => 1))
  assert.deepEqual(spans, [100, 200, 400, 700, 700, 700])
})

test('the wait is a random part of the span', () => {
  assert.equal(
    backoffMs(3, 100, 10_000, () => 0),
    0,
  )
  assert.equal(
    backoffMs(3, 100, 10_000, () => 0.5),
    400,
  )
})
