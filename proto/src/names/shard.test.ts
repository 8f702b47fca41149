import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shardIndex } from './shard.ts'

test('the stream of a subject is fixed: stored events lie by it', () => {
  const vectors: readonly (readonly [string, number, number])[] = [
    ['a', 0, 3],
    ['b', 0, 2],
    ['rooms.r17.alpha', 0, 3],
    ['rooms.r18.alpha', 2, 14],
    ['a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p', 2, 12],
    ['alerts.hot.rooms.r1', 2, 2],
    [`x=${'z'.repeat(253)}`, 1, 10],
  ]
  for (const [subject, ofThree, ofSixteen] of vectors) {
    assert.deepEqual([shardIndex(subject, 3), shardIndex(subject, 16)], [ofThree, ofSixteen], subject)
    assert.equal(shardIndex(subject, 1), 0)
  }
})

test('subjects that differ in a number alone are spread evenly', () => {
  for (const count of [2, 3, 7, 16]) {
    const each = new Array<number>(count).fill(0)
    for (let at = 0; at < 16_000; at++) {
      const shard = shardIndex(`rooms.r${at}.temperature`, count)
      each[shard] = (each[shard] ?? 0) + 1
    }
    for (const size of each) assert.ok(Math.abs(size - 16_000 / count) < 3_200 / count, `${count}: ${each}`)
  }
})
