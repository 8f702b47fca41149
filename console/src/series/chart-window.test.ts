import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chartWindow, windowWords } from './chart-window.ts'

test('a chart shows the shortest span that holds its past, up to the longest there is', () => {
  assert.equal(chartWindow(undefined, undefined, 900), 60)
  for (const [past, window] of [
    [0, 60],
    [60, 60],
    [61, 120],
    [121, 180],
    [299, 300],
    [301, 420],
    [600, 600],
    [601, 900],
    [5_000, 900],
  ] as const) {
    assert.equal(chartWindow(1_000, 1_000 + past, 900), window)
  }
  assert.equal(chartWindow(0, 50, 30), 30)
})

test('it says how long that is', () => {
  assert.deepEqual([60, 120, 900].map(windowWords), ['last minute', 'last 2 minutes', 'last 15 minutes'])
})
