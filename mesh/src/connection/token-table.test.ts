import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TokenTable } from './token-table.ts'

test('it has what a Map by ascending tokens has, whatever is taken out when', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ add: fc.integer({ min: 1, max: 90 }) }) },
    { weight: 6, arbitrary: fc.record({ takeOldest: fc.integer({ min: 1, max: 90 }) }) },
    { weight: 3, arbitrary: fc.record({ take: fc.double({ min: 0, max: 1, noNaN: true }) }) },
    { weight: 1, arbitrary: fc.record({ clear: fc.constant(true) }) },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const table = new TokenTable<object>()
      const oracle = new Map<number, object>()
      let last = 0
      for (const each of steps) {
        if ('add' in each) {
          for (let at = 0; at < each.add; at++) {
            const value = { at }
            assert.equal(table.add(value), ++last)
            oracle.set(last, value)
          }
        } else if ('takeOldest' in each) {
          // One of the first stays.
          for (const token of [...oracle.keys()].slice(1, each.takeOldest + 1)) {
            assert.equal(table.delete(token), oracle.delete(token))
          }
        } else if ('take' in each) {
          const token = Math.round(each.take * (last + 2))
          assert.equal(table.get(token), oracle.get(token))
          assert.equal(table.delete(token), oracle.delete(token))
        } else {
          table.clear()
          oracle.clear()
        }
        assert.equal(table.size, oracle.size)
        assert.equal(table.count, last)
      }
      assert.deepEqual([...table.entries()], [...oracle])
      for (let token = 0; token <= last + 1; token++) assert.equal(table.get(token), oracle.get(token))
    }),
    { numRuns: 500 },
  )
})

test('who walks over it may take out what it finds, and add', () => {
  const table = new TokenTable<number>()
  for (let at = 0; at < 200; at++) table.add(at)
  for (let token = 2; token < 150; token++) table.delete(token)
  const seen: number[] = []
  for (const [token, value] of table.entries()) {
    seen.push(value)
    table.delete(token)
    if (value < 500) table.add(value + 500)
  }
  assert.deepEqual(seen, [0, ...Array.from({ length: 51 }, (_, at) => at + 149), 500, ...seen.slice(53)])
  assert.equal(seen.length, 104)
  assert.equal(table.size, 0)
})

test('one that stays does not make the table grow', () => {
  const table = new TokenTable<object>()
  const stays = table.add({})
  const value = {}
  for (let at = 0; at < 1_000_000; at++) assert.ok(table.delete(table.add(value)))
  assert.equal(table.size, 1)
  assert.notEqual(table.get(stays), undefined)
  assert.ok(table.delete(stays))
  assert.equal(table.get(stays), undefined)
})
