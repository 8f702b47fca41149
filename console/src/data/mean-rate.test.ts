import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MeanRate } from './mean-rate.ts'

test('a burst every seven seconds reads as a steady mean, not as its peaks', () => {
  const rate = new MeanRate()
  const shown: number[] = []
  for (let second = 0; second < 60; second++) {
    if (second % 2 === 0) rate.add(14, second * 1000 + 10)
    shown.push(rate.perSecond(second * 1000 + 990))
  }
  for (const value of shown.slice(20)) assert.ok(value >= 7 && value <= 8.5, String(value))
})

test('a single burst fades within ten seconds, and silence is zero', () => {
  const rate = new MeanRate()
  assert.equal(rate.perSecond(0), 0)
  rate.add(100, 5_000)
  assert.equal(rate.perSecond(5_500), 100)
  assert.equal(rate.perSecond(14_900), 100 / 9.9)
  assert.equal(rate.perSecond(30_000), 0)
})
