import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../limits.ts'
import { touched } from './touch-zoom.ts'

const span = { from: 1000, to: 2000 }

test('one finger moves the time under it along, and not past the newest', () => {
  assert.deepEqual(touched(span, [0.2], [0.5], 2000), { from: 700, to: 1700 })
  assert.deepEqual(touched(span, [0.5], [0.2], 2000), span)
  assert.deepEqual(touched(span, [0.5], [0.2], 2100), { from: 1100, to: 2100 })
})

test('two fingers keep the times that they were put on, in whatever order they came', () => {
  const near = touched(span, [0.4, 0.6], [0.2, 0.8], 9000)
  assert.deepEqual([Math.round(near.from), Math.round(near.to)], [1333, 1667])
  assert.deepEqual(touched(span, [0.6, 0.4], [0.8, 0.2], 9000), touched(span, [0.4, 0.6], [0.2, 0.8], 9000))
  const { from, to } = touched(span, [0.1, 0.9], [0.3, 0.7], 9000)
  assert.deepEqual([Math.round(from), Math.round(to)], [500, 2500])
})

test('a chart is not zoomed without bound', () => {
  const near = touched({ from: 0, to: 20 }, [0.5, 0.51], [0, 1], 9000)
  assert.equal(near.to - near.from, limits.zoomLeastMs / 1000)
  const far = touched({ from: 0, to: 600_000 }, [0, 1], [0.5, 0.5], 9_000_000)
  assert.equal(far.to - far.from, limits.zoomMostMs / 1000)
})
