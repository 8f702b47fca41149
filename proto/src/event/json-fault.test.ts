import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { faultAt, jsonFault } from './json-fault.ts'

test('a fault is told by its line and character', () => {
  for (const [text, words] of [
    ['', 'it is empty'],
    [' \n', 'it is empty'],
    ['{"subject":"rooms.a",data:1}', 'look at line 1, character 22'],
    ['[\n  {"a": 1},\n  {"a": 01}\n]', 'look at line 3, character 10'],
    ['{"a": 1,}', 'look at line 1, character 9'],
    ["{'a': 1}", 'look at line 1, character 2'],
    ['{"a" 1}', 'look at line 1, character 6'],
    ['{"a": tru}', 'look at line 1, character 7'],
    ['[1 2]', 'look at line 1, character 4'],
    ['[1}', 'look at line 1, character 3'],
    ['1 2', 'look at line 1, character 3'],
    ['{"a": "b\nc"}', 'look at line 1, character 9'],
    ['"\\x"', 'look at line 1, character 2'],
    ['"\\u12"', 'look at line 1, character 2'],
    ['{"a": [1, 2', 'it ends too early'],
    ['{"a": "b', 'it ends too early'],
  ] as const) {
    assert.throws(() => JSON.parse(text), SyntaxError)
    assert.equal(jsonFault(text), words, text)
  }
})

/** Whole numbers, so that what is put into one is wrong at its own place. */
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    fc.nat(),
    fc.string(),
    fc.array(tie('any')),
    fc.dictionary(fc.string(), tie('any')),
  ),
})).any

test('what JSON.parse takes has no fault, and a control character is one wherever it stands', () => {
  fc.assert(
    fc.property(value, fc.nat(), fc.constantFrom(0, 2), (any, seed, indent) => {
      const text = JSON.stringify(any, undefined, indent)
      assert.equal(faultAt(text), text.length)
      const at = seed % (text.length + 1)
      // Within an escape it is the escape that is wrong.
      if (/\\[^"]{0,5}$/.test(text.slice(0, at))) return
      assert.equal(faultAt(`${text.slice(0, at)}\u0001${text.slice(at)}`), at)
    }),
  )
})

test('a body that opens millions of arrays is looked at without recursion', () => {
  assert.equal(jsonFault('['.repeat(2_000_000)), 'it ends too early')
})
