import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  asWeirError,
  closeCode,
  errorCodes,
  httpStatus,
  isErrorCode,
  isRetryable,
  shouldReconnect,
  WeirError,
} from './error.ts'

// Clients and operators rely on these numbers: a change here breaks the protocol.
const table = {
  malformed: [400, 3500],
  invalid: [422, 3501],
  unauthenticated: [401, 3502],
  token_expired: [401, 3006],
  revoked: [401, 3503],
  forbidden: [403, 3504],
  not_found: [404, 3510],
  method_not_allowed: [405, 3511],
  conflict: [409, 3508],
  too_large: [413, 3505],
  unsupported_type: [415, 3509],
  rate_limited: [429, 3004],
  quota_exceeded: [429, 3507],
  slow_body: [408, 3506],
  overloaded: [503, 3000],
  unavailable: [503, 3001],
  draining: [503, 3002],
  stalled: [408, 3003],
  internal: [500, 3005],
} as const

test('each code has its HTTP status and its close code', () => {
  assert.deepEqual(Object.fromEntries(errorCodes.map((code) => [code, [httpStatus(code), closeCode(code)]])), table)
})

test('no two codes share a close code, and each lies in a range that says what to do', () => {
  const codes = errorCodes.map(closeCode)
  assert.equal(new Set(codes).size, codes.length)
  for (const code of codes) assert.ok(code >= 3000 && code <= 3999, String(code))
})

test('a close code asks to reconnect outside of 3500 to 3999', () => {
  for (const code of [1000, 1001, 1006, 1012, 3000, 3499, 4000, 4999]) assert.equal(shouldReconnect(code), true)
  for (const code of [3500, 3501, 3750, 3999]) assert.equal(shouldReconnect(code), false)
})

test('what may be tried again unchanged is what passes by itself', () => {
  const retryable = ['rate_limited', 'slow_body', 'overloaded', 'unavailable', 'draining', 'stalled']
  assert.deepEqual(errorCodes.filter(isRetryable), retryable)
})

test('what may be tried again unchanged over HTTP may be tried again over a socket, but for a slow body', () => {
  for (const code of errorCodes) {
    if (isRetryable(code) && code !== 'slow_body') assert.ok(shouldReconnect(closeCode(code)), code)
  }
})

test('a thrown value becomes a WeirError that keeps it as the cause', () => {
  const own = new WeirError('forbidden', 'No.')
  assert.equal(asWeirError(own), own)
  const foreign = new TypeError('secret')
  const wrapped = asWeirError(foreign)
  assert.equal(wrapped.code, 'internal')
  assert.equal(wrapped.cause, foreign)
  assert.ok(!wrapped.message.includes('secret'))
})

test('a code is known by its exact name', () => {
  assert.ok(isErrorCode('overloaded'))
  assert.ok(!isErrorCode('toString'))
  assert.ok(!isErrorCode('OVERLOADED'))
})
