import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Identity } from '../auth/identity.ts'
import { PublishQuota } from './publish-quota.ts'

const [ann, bob, acme] = [
  ['main', 'ann'],
  ['main', 'bob'],
  ['acme', 'ann'],
].map(([tenant, subject]) => ({ tenant, subject }) as Identity) as [Identity, Identity, Identity]

test('a producer past its events a second waits, and no other does', () => {
  const quota = new PublishQuota({ eventsPerSecond: 10, bytesPerSecond: 1e6, subjectsMax: 10 })
  const taken = (who: Identity, nowMs: number): number => {
    for (let count = 0; ; count++) {
      try {
        quota.take(who, 'a', 1, nowMs)
      } catch (thrown) {
        assert.equal((thrown as { code: string }).code, 'rate_limited')
        return count
      }
    }
  }
  // One more than the bucket holds: it is refused after an earlier one has emptied it.
  assert.deepEqual([taken(ann, 0), taken(bob, 0), taken(acme, 0)], [11, 11, 11])
  assert.equal(taken(ann, 99), 0)
  assert.equal(taken(ann, 600), 6)
})

test('one past its bytes a second waits for as long as they take', () => {
  const quota = new PublishQuota({ eventsPerSecond: 1e6, bytesPerSecond: 100, subjectsMax: 10 })
  quota.take(ann, 'a', 250, 0)
  assert.throws(() => quota.take(ann, 'a', 1, 1_000), { code: 'rate_limited', message: /wait 500 ms/ })
  quota.take(ann, 'a', 1, 1_500)
})

test('a tenant has so many subjects, and those that it uses stay open to it', () => {
  const quota = new PublishQuota({ eventsPerSecond: 1e6, bytesPerSecond: 1e6, subjectsMax: 2 })
  quota.take(ann, 'a', 1, 0)
  quota.take(bob, 'b', 1, 0)
  assert.throws(() => quota.take(ann, 'c', 1, 0), { code: 'quota_exceeded' })
  quota.take(ann, 'b', 1, 0)
  quota.take(acme, 'c', 1, 0)
})
