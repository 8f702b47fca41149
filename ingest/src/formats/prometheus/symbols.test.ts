import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ingestLimits } from '../../limits.ts'
import { Symbols } from './symbols.ts'

test('keys are alike exactly when the texts are, in whatever order a request has them', () => {
  const text = fc.constantFrom('', 'a', 'ab', 'b', '__name__', 'up', '\uffff', '本')
  const series = fc.array(text, { maxLength: 8 })
  const shuffled = fc.shuffledSubarray(['', 'a', 'ab', 'b', '__name__', 'up', '\uffff', '本'], { minLength: 8 })
  fc.assert(
    fc.property(series, series, shuffled, shuffled, (one, other, order, otherOrder) => {
      const key = (texts: readonly string[], symbols: readonly string[]): string =>
        new Symbols(symbols).keyOf(texts.map((each) => symbols.indexOf(each)))
      assert.equal(key(one, order) === key(other, otherOrder), JSON.stringify(one) === JSON.stringify(other))
    }),
  )
})

test('a series of very many labels has a key, and no number is given again once texts are forgotten', () => {
  const many = Array.from({ length: 100_000 }, (_, at) => at % 2)
  const before = new Symbols(['first', 'second'])
  const key = before.keyOf(many)
  assert.equal(key, before.keyOf([...many]))
  const long = 'x'.repeat(1_000_000)
  for (let at = 0; at * long.length <= ingestLimits.symbolUnitsMax; at++) new Symbols([long + at])
  const after = new Symbols(['first', 'second'])
  assert.notEqual(after.keyOf([0, 1]), before.keyOf([0, 1]))
  assert.equal(new Symbols(['second', 'first']).keyOf([1, 0]), after.keyOf([0, 1]))
})
