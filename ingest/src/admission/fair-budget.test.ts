import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Account, FairBudget } from './fair-budget.ts'

/** Holds one by one until no more is given. */
function fill(account: Account): number {
  let held = 0
  for (;;) {
    try {
      account.hold(1)
      held++
    } catch {
      return held
    }
  }
}

test('one producer gets a third, and another of its tenant and one of another tenant still find room', () => {
  const budget = new FairBudget(900, 0)
  assert.equal(fill(budget.account('a')), 300)
  assert.equal(fill(budget.account('a')), 100)
  assert.ok(fill(budget.account('b')) > 150)
})

test('whatever others hold, who comes new finds room, and what is given back is there again', () => {
  const hold = fc.record({ tenant: fc.nat(3), producer: fc.nat(5) })
  fc.assert(
    fc.property(fc.array(hold, { maxLength: 40 }), (greedy) => {
      const budget = new FairBudget(100_000, 0)
      const accounts = new Map<string, Account>()
      const held = new Map<Account, number>()
      for (const { tenant, producer } of greedy) {
        const key = `${tenant} ${producer}`
        const account = accounts.get(key) ?? budget.account(String(tenant))
        accounts.set(key, account)
        held.set(account, (held.get(account) ?? 0) + fill(account))
        assert.ok(budget.held < 100_000)
        const fresh = budget.account('fresh')
        fresh.hold(1)
        fresh.release(1)
      }
      for (const [account, amount] of held) account.release(amount)
      assert.equal(budget.held, 0)
      assert.equal(fill(budget.account('fresh')), 33_334)
    }),
    { numRuns: 50 },
  )
})

test('who is alone may hold what one request needs, though the total is less', () => {
  const budget = new FairBudget(10, 20)
  const account = budget.account('a')
  account.hold(15)
  account.hold(5)
  assert.throws(() => account.hold(1), { code: 'overloaded' })
  assert.throws(() => budget.account('b').hold(1), { code: 'overloaded' })
  account.release(20)
  budget.account('b').hold(1)
})
