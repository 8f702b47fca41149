import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../config/limits.ts'
import { type Denial, Denials } from './denials.ts'
import type { Identity } from './identity.ts'

function denial(subject: string, expiresAt = 100): Denial {
  return { tenant: 'main', subject, expiresAt }
}

function holder(subject: string, expiresAt = 100, tenant = 'main'): Identity {
  return { tenant, subject, expiresAt, publish: [], subscribe: ['>'], admin: false }
}

test('refuses the tokens of a subject that end no later than was denied', () => {
  const denials = new Denials()
  denials.add(denial('a', 100))
  denials.add(denial('a', 90))
  for (const expiresAt of [1, 90, 100]) assert.throws(() => denials.check(holder('a', expiresAt)), { code: 'revoked' })
  for (const other of [holder('a', 101), holder('b'), holder('a', 100, 'other')]) denials.check(other)
})

test('forgets who was denied longest ago when there are too many; to hear it again is not to be denied again', () => {
  const denials = new Denials()
  for (let index = 0; index < limits.denialsMax; index++) denials.add(denial(`s${index}`))
  denials.add(denial('s0'))
  denials.add(denial('s1', 200))
  denials.add(denial('new'))
  denials.add(denial('newer'))
  assert.deepEqual(
    ['s0', 's1', 's2', 's3', 'new'].map((subject) => denials.has(holder(subject))),
    [false, true, false, true, true],
  )
  assert.equal(denials.list(0).length, limits.denialsMax)
})

test('tells those whose tokens have not expired', () => {
  const denials = new Denials()
  denials.add(denial('a', 100))
  denials.add(denial('b', 101))
  assert.deepEqual(denials.list(100_000), [denial('b', 101)])
})
