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
  /** Of the tenants that hold something. */
  readonly #holdings = new Map<string, Holding>()
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

  /** What the tenant holds: one object for all its producers while that is more than nothing. */
  holdingOf(tenant: string): Holding {
    return this.#holdings.get(tenant) ?? { tenant, amount: 0 }
  }

  /** Throws `overloaded`. */
  take(holding: Holding, heldByProducer: number, amount: number): void {
    const left = this.#total - this.#held - holding.amount
    const most = heldByProducer === this.#held ? Math.max(left, this.#aloneMax) : left
    if (heldByProducer + amount > most) {
      throw new WeirError('overloaded', 'Too much of this producer is under way at one time: send again later.')
    }
    if (holding.amount === 0) this.#holdings.set(holding.tenant, holding)
    this.#held += amount
    holding.amount += amount
  }

  giveBack(holding: Holding, amount: number): void {
    this.#held -= amount
    holding.amount -= amount
    if (holding.amount === 0) this.#holdings.delete(holding.tenant)
  }
}

interface Holding {
  readonly tenant: string
  amount: number
}

/** What one producer holds of a budget. */
export class Account {
  readonly #budget: FairBudget
  /** Another one may stand for the tenant once this one is empty. */
  #holding: Holding
  #held = 0

  constructor(budget: FairBudget, tenant: string) {
    this.#budget = budget
    this.#holding = budget.holdingOf(tenant)
  }

  /** Throws `overloaded` when the share of this producer is used up. */
  hold(amount: number): void {
    if (amount === 0) return
    if (this.#holding.amount === 0) this.#holding = this.#budget.holdingOf(this.#holding.tenant)
    this.#budget.take(this.#holding, this.#held, amount)
    this.#held += amount
  }

  release(amount: number): void {
    if (amount === 0) return
    this.#held -= amount
    this.#budget.giveBack(this.#holding, amount)
  }
}
