import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../limits.ts'
import { RememberedKeys } from './remembered-keys.ts'

const ttlMs = 10_000
const goneMs = ttlMs + limits.skewMaxMs + 1

test('a further key has room once others have expired, and it is not looked at every event whether they have', () => {
  const keys = new RememberedKeys(ttlMs, 2)
  keys.set('a', { storedAtMs: 0 })
  assert.equal(keys.isFull(0), false)
  keys.set('b', { storedAtMs: 1 })
  assert.equal(keys.isFull(1), true)
  assert.equal(keys.isFull(goneMs), false)
  assert.deepEqual([keys.get('a'), keys.get('b')], [undefined, { storedAtMs: 1 }])
  keys.set('c', { storedAtMs: goneMs })
  assert.equal(keys.isFull(goneMs + 1), true, 'b has expired by now, and it is looked at later')
  assert.equal(keys.isFull(goneMs + limits.rememberedLookMs), false)
})

test('what is known may change while there is no room, and all is forgotten at once', () => {
  const keys = new RememberedKeys(ttlMs, 1)
  keys.set('a', { storedAtMs: 0 })
  keys.set('a', { storedAtMs: 5 })
  assert.deepEqual([keys.get('a'), keys.isFull(5)], [{ storedAtMs: 5 }, true])
  keys.clear()
  assert.deepEqual([keys.get('a'), keys.isFull(5)], [undefined, false])
})
