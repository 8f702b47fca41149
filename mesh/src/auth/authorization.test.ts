import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WeirError } from '@weir/proto'
import { bearerToken, requestToken } from './authorization.ts'

test('the scheme Bearer is read in any case, and nothing beside it', () => {
  for (const header of ['Bearer a.b.c', 'bearer a.b.c', 'BEARER  a.b.c '])
    assert.equal(bearerToken(header), 'a.b.c', header)
  for (const header of [
    null,
    '',
    'Bearer',
    'Bearer ',
    'Bearera.b.c',
    'Bearer\ta',
    'Basic a.b.c',
    'Bearer a b',
    'x Bearer a',
  ]) {
    assert.equal(bearerToken(header), undefined, String(header))
  }
})

test('a request without a token is refused with how to send one', () => {
  const isRefusal = (thrown: unknown): boolean =>
    thrown instanceof WeirError && thrown.code === 'unauthenticated' && thrown.message.includes('Authorization: Bearer')
  assert.throws(() => requestToken(null), isRefusal)
  assert.throws(() => requestToken('Token a.b.c'), isRefusal)
  assert.equal(requestToken('Bearer a.b.c'), 'a.b.c')
})

test('a service that takes further schemes says which', () => {
  const read = (header: string | null): string | undefined =>
    header?.startsWith('Token ') ? header.slice(6) : undefined
  assert.equal(requestToken('Token a.b.c', read), 'a.b.c')
  assert.throws(() => requestToken('Digest a', read), WeirError)
})
