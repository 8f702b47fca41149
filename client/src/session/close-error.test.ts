import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closeCode, errorCodes } from '@weir/proto'
import { closeError } from './close-error.ts'

test('each close code of Weir is its error, with the hub’s words', () => {
  for (const code of errorCodes) {
    const error = closeError(closeCode(code), 'Because.')
    assert.equal(error.code, code)
    assert.equal(error.message, 'Because.')
  }
})

test('an unknown code is judged by its range', () => {
  assert.equal(closeError(1006, '').code, 'unavailable')
  assert.equal(closeError(1012, '').code, 'unavailable')
  assert.equal(closeError(3499, '').code, 'unavailable')
  assert.equal(closeError(3999, '').code, 'internal')
  assert.match(closeError(1006, '').message, /1006/)
})
