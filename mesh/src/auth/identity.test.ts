import assert from 'node:assert/strict'
import { test } from 'node:test'
import { grantsText, type Identity, mayPublish, maySubscribe } from './identity.ts'

const identity: Identity = {
  tenant: 'main',
  subject: 'u1',
  publish: ['rooms.*.temperature', 'users.u1.>'],
  subscribe: ['rooms.>', 'alerts.*'],
  admin: false,
  expiresAt: 0,
}

test('publishing is allowed where a granted filter matches', () => {
  for (const subject of ['rooms.r1.temperature', 'users.u1.a', 'users.u1.a.b']) {
    assert.equal(mayPublish(identity, subject), true, subject)
  }
  for (const subject of ['rooms.r1.humidity', 'rooms.temperature', 'users.u1', 'users.u2.a', 'rooms']) {
    assert.equal(mayPublish(identity, subject), false, subject)
  }
})

test('subscribing is allowed where each filter lies within a granted one', () => {
  for (const filters of [['rooms.>'], ['rooms.*.a', 'alerts.x'], ['rooms.r1'], ['alerts.*'], []]) {
    assert.equal(maySubscribe(identity, filters), true, String(filters))
  }
  for (const filters of [['>'], ['*.>'], ['rooms'], ['alerts.>'], ['alerts.*.x'], ['rooms.a', 'other'], ['*.a']]) {
    assert.equal(maySubscribe(identity, filters), false, String(filters))
  }
})

test('what is granted is said, and no more of it than can be read', () => {
  assert.equal(grantsText(identity.subscribe), 'it grants rooms.>, alerts.*')
  assert.equal(grantsText([]), 'it grants nothing of the kind')
  assert.equal(grantsText(Array.from({ length: 64 }, () => 'x'.repeat(255))).length, 213)
})

test('no grant, no access', () => {
  const nobody = { ...identity, publish: [], subscribe: [] }
  assert.equal(mayPublish(nobody, 'rooms.r1.temperature'), false)
  assert.equal(maySubscribe(nobody, ['rooms.r1']), false)
})
