import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isJsonText } from './json-text.ts'

test('takes what JSON.parse takes, and nothing else', () => {
  const text = fc.oneof(
    fc.json(),
    fc.json().map((json) => JSON.stringify(JSON.parse(json), undefined, 2)),
    fc.string({ unit: fc.constantFrom(...'[]{}:,"\\ 01.eE+-tfnu/a\n\u0001'), maxLength: 12 }),
    fc
      .record({
        json: fc.json(),
        at: fc.nat(60),
        by: fc.constantFrom('', ',', '"', '\\', '\\u12', '0', '}', ']', '\t'),
      })
      .map(({ json, at, by }) => json.slice(0, at) + by + json.slice(at + 1)),
  )
  let refused = 0
  fc.assert(
    fc.property(text, fc.nat(3), (value, before) => {
      const bytes = new TextEncoder().encode(`${'"'.repeat(before)}${value}"`)
      const isJson = parses(value)
      if (!isJson) refused++
      assert.equal(isJsonText(bytes, before, bytes.length - 1), isJson, value)
    }),
    { numRuns: 20_000 },
  )
  assert.ok(refused > 1_000)
})

for (const value of [
  '01',
  '-',
  '-0',
  '1.',
  '.5',
  '1e',
  '1e+',
  '1E5',
  '"\\x"',
  '"\\u12G4"',
  '[1,]',
  '{"a":1,}',
  '{,}',
  '{}x',
  'nul',
  'truex',
  '',
  ' ',
  '[',
  '"',
]) {
  test(`${value} is ${parses(value) ? '' : 'no '}JSON`, () => {
    const bytes = new TextEncoder().encode(value)
    assert.equal(isJsonText(bytes, 0, bytes.length), parses(value))
  })
}

test('what is nested without a bound is refused, without a stack', () => {
  const bytes = new TextEncoder().encode('['.repeat(100_000))
  assert.equal(isJsonText(bytes, 0, bytes.length), false)
})

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
