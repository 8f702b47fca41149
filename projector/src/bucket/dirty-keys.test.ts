import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DirtyKeys } from './dirty-keys.ts'

test('keys are collected for a while, and for longer after many of them', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const flushed: number[] = []
  const dirty = new DirtyKeys(100, 1_000, (keys) => flushed.push([...keys].length), 1)
  for (let key = 0; key < 300; key++) dirty.add(`k${key % 200}`)
  context.mock.timers.tick(100)
  assert.deepEqual(flushed, [200])
  dirty.add('k')
  context.mock.timers.tick(199)
  assert.deepEqual(flushed, [200])
  context.mock.timers.tick(1)
  assert.deepEqual(flushed, [200, 1])
  dirty.add('k')
  context.mock.timers.tick(100)
  assert.deepEqual(flushed, [200, 1, 1])
})

test('more keys than may be collected are flushed at once', () => {
  const flushed: number[] = []
  const dirty = new DirtyKeys(60_000, 3, (keys) => flushed.push([...keys].length))
  for (const key of ['a', 'b', 'a', 'c', 'd']) dirty.add(key)
  assert.deepEqual(flushed, [3])
  dirty.clear()
  dirty.flush()
  assert.deepEqual(flushed, [3])
})

test('while it is far behind many keys are collected for longer, up to a bound, and few are not', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const flushed: number[] = []
  const dirty = new DirtyKeys(100, 100_000, (keys) => flushed.push([...keys].length), 1)
  const add = (count: number): void => {
    for (let key = 0; key < count; key++) dirty.add(`k${key}`)
  }
  dirty.setBehind(true)
  add(10)
  context.mock.timers.tick(100)
  assert.deepEqual(flushed, [10])
  add(200)
  context.mock.timers.tick(100)
  assert.deepEqual(flushed, [10, 200])
  add(3_000)
  context.mock.timers.tick(5 * 200 - 1)
  assert.deepEqual(flushed, [10, 200])
  context.mock.timers.tick(1)
  assert.deepEqual(flushed, [10, 200, 3_000])
  add(1)
  context.mock.timers.tick(4_999)
  assert.equal(flushed.length, 3)
  context.mock.timers.tick(1)
  assert.deepEqual(flushed, [10, 200, 3_000, 1])
})

test('what was collected while it was behind is written once it has caught up', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const flushed: number[] = []
  const dirty = new DirtyKeys(100, 100_000, (keys) => flushed.push([...keys].length), 1)
  dirty.setBehind(true)
  for (let key = 0; key < 2_000; key++) dirty.add(`k${key}`)
  context.mock.timers.tick(100)
  dirty.add('k')
  dirty.setBehind(true)
  assert.deepEqual(flushed, [2_000])
  dirty.setBehind(false)
  assert.deepEqual(flushed, [2_000, 1])
})
