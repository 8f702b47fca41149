import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatDuration, parseDuration } from './duration.ts'

test('a duration is a number and a unit', () => {
  for (const [text, ms] of [
    ['500ms', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['1.5h', 5_400_000],
    ['7d', 604_800_000],
    ['0s', 0],
  ] as const) {
    assert.equal(parseDuration(text), ms, text)
  }
  for (const text of ['', '5', 's', '-5s', '5 s', '5S', '1e3s', '0.5ms', '5weeks', '1234567890s', '٣s']) {
    assert.equal(parseDuration(text), undefined, text)
  }
})

test('what is formatted is read again', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 ** 9 - 1 }), (ms) => {
      assert.equal(parseDuration(formatDuration(ms)), ms)
    }),
  )
})
