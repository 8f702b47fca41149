import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Arrival, contiguity } from './contiguity.ts'

const table: Readonly<Record<'flowing' | 'held', Readonly<Record<'old' | 'next' | 'ahead', Arrival>>>> = {
  flowing: { old: 'doubt', next: 'pass', ahead: 'hold and doubt' },
  held: { old: 'doubt', next: 'hold', ahead: 'hold' },
}

test('each arrival does what the table says', () => {
  fc.assert(
    fc.property(fc.boolean(), fc.nat({ max: 50 }), fc.integer({ min: 1, max: 60 }), (flowing, head, seq) => {
      const place = seq <= head ? 'old' : seq === head + 1 ? 'next' : 'ahead'
      assert.equal(contiguity(flowing, head, seq), table[flowing ? 'flowing' : 'held'][place])
    }),
  )
})
