import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatCursor } from '@weir/proto'
import { Head } from './head.ts'

function at(epoch: number, seq: number, ...others: readonly [number, number][]) {
  const further = others.map(([epoch, seq]) => ({ epoch, seq }))
  return { seq, cursor: formatCursor({ epoch, seq, ...(further.length > 0 && { further }) }) }
}

test('an entry passes the head of a source of one stream by its sequence', () => {
  const head = new Head(at(7, 10).cursor)
  assert.deepEqual([head.isPassedBy(at(7, 10)), head.isPassedBy(at(7, 11))], [false, true])
  head.move(at(7, 12))
  head.move(at(7, 11))
  assert.equal(head.seq, 12)
})

test('of several streams an entry is compared with its own', () => {
  const head = new Head(at(7, 10, [8, 100]).cursor)
  assert.equal(head.isPassedBy(at(7, 11, [8, 100])), true)
  assert.equal(head.isPassedBy(at(8, 99, [7, 11])), false)
  head.move(at(8, 101, [7, 11]))
  assert.equal(head.seq, 111)
})
