import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { WeirError } from '../error.ts'
import { limits } from '../limits.ts'
import {
  cursorField,
  cursorFromWire,
  cursorOfField,
  cursorToWire,
  formatCursor,
  joinCursors,
  parseCursor,
} from './cursor.ts'

const cursor = fc.record({ epoch: fc.maxSafeNat(), seq: fc.maxSafeNat() }, { noNullPrototype: true })

test('a cursor survives its text form', () => {
  fc.assert(fc.property(cursor, (value) => assert.deepEqual(parseCursor(formatCursor(value)), value)))
})

test('a cursor survives its Protobuf form', () => {
  fc.assert(fc.property(cursor, (value) => assert.deepEqual(cursorFromWire(cursorToWire(value)), value)))
})

test('positions in several streams are one text, and one field of Subscribe', () => {
  const parts = fc.array(cursor, { minLength: 1, maxLength: limits.shardsMax })
  fc.assert(
    fc.property(parts, (all) => {
      const joined = joinCursors(all)
      assert.ok(joined !== undefined)
      assert.deepEqual(parseCursor(formatCursor(joined)), joined)
      assert.deepEqual(cursorOfField(cursorField(joined)), joined)
    }),
  )
  assert.equal(formatCursor({ epoch: 10, seq: 1, further: [{ epoch: 11, seq: 35 }] }), 'a-1_b-z')
  assert.equal(cursorOfField(cursorField(undefined)), undefined)
})

test('a cursor of more positions than a tenant has streams is refused', () => {
  const further = Array.from({ length: limits.shardsMax }, (_, seq) => ({ epoch: 1, seq }))
  const joined = { epoch: 1, seq: 0, further }
  assert.throws(() => joinCursors([joined, ...further]), { code: 'malformed' })
  assert.throws(() => parseCursor(formatCursor(joined)), { code: 'malformed' })
  assert.throws(() => cursorOfField(cursorField(joined)), { code: 'malformed' })
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
  'a-a_',
  '_a-a',
  'a-a__a-a',
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
