import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { textHash } from './text-hash.ts'

test('a hash is the number of its two lanes to the base 36, as it has been from the start', () => {
  assert.equal(textHash(''), '18q9bdkawv8')
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
      let low = 0x811c9dc5
      let high = 0xcbf29ce4
      for (const unit of text.split('')) {
        low = Math.imul(low ^ unit.charCodeAt(0), 0x01000193)
        high = Math.imul(high ^ unit.charCodeAt(0), 0x01000197)
      }
      assert.equal(textHash(text), ((low >>> 0) * 2 ** 21 + ((high >>> 0) % 2 ** 21)).toString(36))
    }),
    { numRuns: 2000 },
  )
})
