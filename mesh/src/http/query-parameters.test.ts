import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkParameters, flagOf } from './query-parameters.ts'

test('a query has known parameters alone, and a refusal names those that there are', () => {
  checkParameters(new URLSearchParams('a=1&b=2&a=3'), ['a', 'b'])
  const long = new URLSearchParams({ [`c${'x'.repeat(1000)}`]: '1' })
  assert.throws(() => checkParameters(long, ['a', 'b']), {
    code: 'malformed',
    message: `There is no parameter "c${'x'.repeat(63)}" here: there are a, b.`,
  })
  assert.throws(() => checkParameters(new URLSearchParams('a=1'), []), { message: /here: there are none\.$/ })
})

test('a flag is true or false, and nothing else', () => {
  const flags = ['', 'a=false', 'a=true'].map((query) => flagOf(new URLSearchParams(query), 'a'))
  assert.deepEqual(flags, [false, false, true])
  for (const text of ['', '1', 'yes', 'True']) {
    assert.throws(() => flagOf(new URLSearchParams({ a: text }), 'a'), { code: 'malformed' }, text)
  }
})
