import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Tenants } from './tenants.ts'

test('a tenant that is there is asked about once, however many ask', async () => {
  let asked = 0
  const tenants = new Tenants(async () => ++asked > 0)
  assert.equal(tenants.isKnown('a'), false)
  await Promise.all([tenants.check('a'), tenants.check('a')])
  await tenants.check('a')
  assert.deepEqual([asked, tenants.isKnown('a')], [1, true])
})

test('one that is not there is not found, without asking each time, and is found once it is made', async () => {
  let asked = 0
  let exists = false
  const tenants = new Tenants(async () => {
    asked++
    return exists
  })
  for (const _ of [1, 2]) {
    await assert.rejects(tenants.check('acme'), { code: 'not_found', message: /weir tenant create acme/ })
  }
  assert.equal(asked, 1)
  exists = true
  await tenants.ask('acme')
  await tenants.check('acme')
})

test('where nobody can say, the tenant passes, and is asked about again', async () => {
  let asked = 0
  const tenants = new Tenants(async () => {
    if (++asked === 1) throw new Error('No.')
    return undefined
  })
  await tenants.check('a')
  await tenants.check('a')
  assert.deepEqual([asked, tenants.isKnown('a')], [2, false])
})
