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
