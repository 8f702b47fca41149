import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TileOrder } from './tile-order.ts'
import type { TileValue } from './tile-value.ts'

function values(numbers: Readonly<Record<string, number | undefined>>): TileValue[] {
  return Object.entries(numbers).map(([subject, number]) => ({ subject, number }) as TileValue)
}

const names = (ordered: readonly TileValue[]): string => ordered.map(({ subject }) => subject).join('')

test('by value the largest first, what has no number last, and equal ones by their subject', () => {
  assert.equal(names(new TileOrder('value').of(values({ d: undefined, c: 1, b: 5, a: 5 }), 0)), 'abcd')
  assert.equal(names(new TileOrder('subject').of(values({ b: 9, a: 1 }), 0)), 'ab')
})

test('by change what moved most against the last minute, up or down, comes first', () => {
  const order = new TileOrder('change')
  order.of(values({ a: 1000, b: 10, c: 50 }), 0)
  const after = values({ a: 1001, b: 10, c: 20 })
  assert.equal(names(order.of(after, 2_000)), 'cab')
  assert.ok(order.changeOf(after[2] as TileValue) < -28)
  // What stays where it is has changed no more after some minutes.
  order.of(after, 600_000)
  assert.ok(Math.abs(order.changeOf(after[2] as TileValue)) < 0.1)
})

test('places stay for a while, but not when a value comes', () => {
  const order = new TileOrder('value')
  order.of(values({ a: 2, b: 1 }), 0)
  assert.equal(names(order.of(values({ a: 2, b: 3 }), 500)), 'ab')
  assert.equal(names(order.of(values({ a: 2, b: 3, c: 4 }), 600)), 'cba')
  assert.equal(names(order.of(values({ a: 9, b: 3, c: 4 }), 1_700)), 'acb')
})
