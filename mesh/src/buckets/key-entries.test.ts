import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KeyEntries, type KeyEntry, type KeyValue } from './key-entries.ts'

const value: KeyValue = {
  epoch: 1,
  seq: 1,
  atMs: 0,
  payload: new Uint8Array(1),
  ttlSeconds: 0,
  ageMs: 0,
  generation: 0,
}

test('past the bound the keys that were learnt first are forgotten, and none with a value that waits', () => {
  const entries = new KeyEntries(100)
  entries.hold(entries.of('waits'), value)
  for (let key = 0; key < 1_000; key++) {
    entries.of(`k${key}`)
    assert.ok(entries.size <= 101, `${entries.size}`)
  }
  assert.equal(entries.find('k0'), undefined)
  assert.notEqual(entries.find('k999'), undefined)
  assert.equal(entries.find('waits')?.next, value)
})

test('while all values wait, a new key costs no look at all the others', () => {
  const keysMax = 1_000
  const entries = new KeyEntries(keysMax)
  let looks = 0
  for (let key = 0; key < 3 * keysMax; key++) waitingFor(entries.of(`k${key}`), () => looks++)
  assert.equal(entries.size, 3 * keysMax)
  assert.ok(looks <= 100 * keysMax, `${looks} looks`)
})

test('what was past the bound while it waited is forgotten once it is stored', () => {
  const entries = new KeyEntries(100)
  for (let key = 0; key < 300; key++) entries.hold(entries.of(`k${key}`), value)
  for (const entry of entries.all()) entries.release(entry)
  for (let key = 0; key < 1_000; key++) entries.of(`n${key}`)
  assert.ok(entries.size <= 100, `${entries.size}`)
})

/** Lets a value wait, and hears of each look at it. */
function waitingFor(entry: KeyEntry, looked: () => void): void {
  Object.defineProperty(entry, 'next', {
    get() {
      looked()
      return value
    },
  })
}
