import assert from 'node:assert/strict'
import { test } from 'node:test'
import { childrenOf, openRows, rangeOf } from './subject-tree.ts'

const sorted = ['a', 'a-b.c', 'a.x', 'a.y.1', 'a.y.2', 'b.z'].sort()

test('children are counted with all that is below them', () => {
  assert.deepEqual(
    childrenOf(sorted, '', 10).map(({ path, count, kind }) => [path, count, kind]),
    [
      ['a', 1, 'leaf'],
      ['a-b.', 1, 'branch'],
      ['a.', 3, 'branch'],
      ['b.', 1, 'branch'],
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

test('the tree of a hundred thousand subjects is bounded, and says how many it leaves out', () => {
  const many = Array.from({ length: 100_000 }, (_, i) => `rooms.r${i}.telemetry`).sort()
  const rows = openRows(many, new Set(['rooms.']))
  assert.deepEqual([rows.length, rows[0]?.count], [302, 100_000])
  const shown = rows.slice(1, -1)
  assert.deepEqual([rows.at(-1)?.kind, rows.at(-1)?.count], ['rest', 100_000 - shown.length])
})
