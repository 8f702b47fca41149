import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WeirError } from '@weir/proto'
import { Admission, type MemoryUse } from './admission.ts'

test('lets nobody in while memory is nearly gone, and everybody again when it is not', () => {
  const use = { socketBytes: 0, heapShare: 0.5 }
  const admission = newAdmission(use)
  for (const [name, full, calm] of [
    ['socketBytes', 1_001, 1_000],
    ['heapShare', 0.91, 0.9],
  ] as const) {
    use[name] = full
    admission.measure()
    assert.ok(admission.full)
    assert.throws(() => admission.enter('::1', ''), isCode('overloaded'), name)
    use[name] = calm
    admission.measure()
    admission.enter('::1', '')
    admission.leave('::1')
  }
  assert.equal(admission.connections, 0)
})

test('counts by address and in all, and forgets who has left', () => {
  const admission = newAdmission({ socketBytes: 0, heapShare: 0 })
  admission.enter('a', '')
  admission.enter('a', '')
  assert.throws(() => admission.enter('a', ''), isCode('rate_limited'))
  admission.enter('b', '')
  assert.throws(() => admission.enter('c', ''), isCode('overloaded'))
  admission.leave('a')
  admission.enter('a', '')
  admission.drain()
  assert.throws(() => admission.enter('c', ''), isCode('draining'))
})

test('counts by tenant, so that none takes all there is', () => {
  const admission = newAdmission({ socketBytes: 0, heapShare: 0 })
  admission.enterTenant('main')
  assert.throws(() => admission.enterTenant('main'), isCode('rate_limited'))
  admission.enterTenant('other')
  admission.leaveTenant('main')
  admission.enterTenant('main')
})

function newAdmission(use: MemoryUse): Admission {
  const bounds = {
    connectionsMax: 3,
    connectionsAnIpMax: 2,
    connectionsATenantMax: 1,
    socketBytesMax: 1_000,
    origins: undefined,
  }
  return new Admission(bounds, () => use)
}

function isCode(code: string): (thrown: unknown) => boolean {
  return (thrown) => thrown instanceof WeirError && thrown.code === code
}
