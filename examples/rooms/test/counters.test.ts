import assert from 'node:assert/strict'
import { test } from 'node:test'
import { adapterOf, countIn } from '../extension/src/counters.ts'

test('counts are read as sites write them', () => {
  for (const [text, count] of [
    ['1,234', 1234],
    ['  987 watching', 987],
    ['1.2k', 1200],
    ['3M', 3_000_000],
    ['0', 0],
    ['offline', undefined],
    ['', undefined],
  ] as const) {
    assert.equal(countIn(text), count, text)
  }
})

test('a page has the adapter of its site, and other pages none', () => {
  assert.equal(adapterOf('/sites/beta/?room=r1')?.platform, 'beta')
  assert.equal(adapterOf('/elsewhere'), undefined)
})
