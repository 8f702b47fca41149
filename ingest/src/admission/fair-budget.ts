import { WeirError } from '@weir/proto'

/**
 * A bounded amount that producers share, such as memory, and that nobody can spend for the others.
 * A producer may hold as much as is left after all that is held and, once more, what its tenant
 * holds: alone a third of the total, and the more producers and tenants there are, the less each.
 * So what is left never falls to nothing, and who comes new finds room (dynamic thresholds,
 * Choudhury and Hahne 1998).
 */
export class FairBudget {
  readonly #total: number
  readonly #aloneMax: number
  readonly #heldByTenant = new Map<string, number>()
  #held = 0

  /**
   * Who alone holds something may hold `aloneMax`, so that a total below one request still
   * lets requests in.
   */
  constructor(total: number, aloneMax: number) {
    this.#total = total
    this.#aloneMax = aloneMax
  }

  get held(): number {
    return this.#held
  }

  account(tenant: string): Account {
    return new Account(this, tenant)
  }

  /** Throws `overloaded`. */
  take(tenant: string, heldByProducer: number, amount: number): void {
    const byTenant = this.#heldByTenant.get(tenant) ?? 0
    const left = this.#total - this.#held - byTenant
    const most = heldByProducer === this.#held ? Math.max(left, this.#aloneMax) : left
    if (heldByProducer + amount > most) {
      throw new WeirError('overloaded', 'Too much of this producer is under way at one time: send again later.')
    }
    this.#held += amount
    this.#heldByTenant.set(tenant, byTenant + amount)
  }

  giveBack(tenant: string, amount: number): void {
    this.#held -= amount
    const byTenant = (this.#heldByTenant.get(tenant) ?? 0) - amount
    if (byTenant > 0) this.#heldByTenant.set(tenant, byTenant)
    else this.#heldByTenant.delete(tenant)
  }
}

/** What one producer holds of a budget. */
export class Account {
  readonly #budget: FairBudget
  readonly #tenant: string
  #held = 0

  constructor(budget: FairBudget, tenant: string) {
    this.#budget = budget
    this.#tenant = tenant
  }

  /** Throws `overloaded` when the share of this producer is used up. */
  hold(amount: number): void {
    this.#budget.take(this.#tenant, this.#held, amount)
    this.#held += amount
  }

  release(amount: number): void {
    this.#held -= amount
    this.#budget.giveBack(this.#tenant, amount)
  }
}
