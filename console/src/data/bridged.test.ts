import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bridged } from './bridged.ts'

const nothing = (steps: number): null[] => Array<null>(steps).fill(null)

test('steps between values that come as usual are drawn, a longer silence is a gap', () => {
  assert.deepEqual(bridged([1, null, 3, null, null, null, 7, 8, 9, 10]), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  const silence = [1, 2, ...nothing(9), 3, 4, 5]
  assert.deepEqual(bridged(silence), silence)
})

test('a few values at both ends of a long time are not joined', () => {
  const ends = [1, 2, ...nothing(280), 3, 4]
  assert.deepEqual(bridged(ends), ends)
  const two = [1, ...nothing(280), 4]
  assert.deepEqual(bridged(two), two)
})

test('without values, or with one, nothing is drawn', () => {
  assert.deepEqual(bridged([]), [])
  assert.deepEqual(bridged([null, null]), [null, null])
  assert.deepEqual(bridged([null, 1, null]), [null, 1, null])
})
