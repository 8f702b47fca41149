import assert from 'node:assert/strict'
import { test } from 'node:test'
import { childrenOf, openRows, rangeOf } from './subject-tree.ts'

const sorted = ['a', 'a-b.c', 'a.x', 'a.y.1', 'a.y.2', 'b.z'].sort()

test('children are counted with all that is below them', () => {
  assert.deepEqual(
    childrenOf(sorted, '', 10).map(({ path, count, isLeaf }) => [path, count, isLeaf]),
    [
      ['a', 1, true],
      ['a-b.', 1, false],
      ['a.', 3, false],
      ['b.', 1, false],
    ],
  )
  assert.deepEqual(
    childrenOf(sorted, 'a.', 10).map(({ path, count }) => [path, count]),
    [
      ['a.x', 1],
      ['a.y.', 2],
    ],
  )
  assert.deepEqual(sorted.slice(...rangeOf(sorted, 'a.y.')), ['a.y.1', 'a.y.2'])
  assert.deepEqual(sorted.slice(...rangeOf(sorted, 'a.x')), ['a.x'])
  assert.deepEqual(sorted.slice(...rangeOf(sorted, 'none.')), [])
})

test('the tree of a hundred thousand subjects is quick, and bounded', () => {
  const many = Array.from({ length: 100_000 }, (_, i) => `rooms.r${i}.telemetry`).sort()
  const began = performance.now()
  const rows = openRows(many, new Set(['rooms.']))
  assert.ok(performance.now() - began < 50)
  assert.deepEqual([rows.length, rows[0]?.count], [301, 100_000])
})
