import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { WeirError } from '../error.ts'
import { cursorFromWire, cursorToWire, formatCursor, parseCursor } from './cursor.ts'

const cursor = fc.record({ epoch: fc.maxSafeNat(), seq: fc.maxSafeNat() }, { noNullPrototype: true })

test('a cursor survives its text form', () => {
  fc.assert(fc.property(cursor, (value) => assert.deepEqual(parseCursor(formatCursor(value)), value)))
})

test('a cursor survives its Protobuf form', () => {
  fc.assert(fc.property(cursor, (value) => assert.deepEqual(cursorFromWire(cursorToWire(value)), value)))
})

test('the text form is fixed', () => {
  assert.equal(formatCursor({ epoch: 1_769_860_800_000_000, seq: 1_295 }), 'hfd2trv9c0-zz')
})

for (const text of [
  '',
  '-',
  'a',
  'a-',
  '-a',
  'A-a',
  'a-a-a',
  ' a-a',
  'a-a\n',
  'zzzzzzzzzzz-1',
  `${'a'.repeat(12)}-1`,
]) {
  test(`${JSON.stringify(text)} is no cursor`, () => {
    assert.throws(
      () => parseCursor(text),
      (error) => error instanceof WeirError && error.code === 'malformed',
    )
  })
}

test('a number that no stream reaches is no cursor', () => {
  assert.throws(
    () => cursorFromWire({ $typeName: 'weir.v1.Cursor', epoch: 0n, seq: 2n ** 53n }),
    (error) => error instanceof WeirError && error.code === 'malformed',
  )
})
