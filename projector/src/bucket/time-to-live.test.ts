import assert from 'node:assert/strict'
import { test } from 'node:test'
import { remainingSeconds } from './time-to-live.ts'

test('what came within a hundredth of the TTL lives for all of it, what is older for the rest', () => {
  assert.equal(remainingSeconds(0, 3_600_000), 0)
  assert.equal(remainingSeconds(35_999, 3_600_000), 0)
  assert.equal(remainingSeconds(36_000, 3_600_000), 3_564)
  assert.equal(remainingSeconds(3_599_999, 3_600_000), 1)
  assert.equal(remainingSeconds(3_600_000, 3_600_000), -1)
})

test('a short TTL has a second and a half of grace, as its rest is counted in seconds', () => {
  assert.equal(remainingSeconds(1_499, 2_000), 0)
  assert.equal(remainingSeconds(1_500, 2_000), 1)
  assert.equal(remainingSeconds(2_000, 2_000), -1)
})
