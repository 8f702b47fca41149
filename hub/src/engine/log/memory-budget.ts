/**
 * Memory of all logs of a hub together. When it is used up, it is given back by whoever holds most,
 * by tenant first and then by log: so nobody grows at the expense of those that hold less.
 */
export class MemoryBudget {
  readonly #bounds: BudgetBounds
  readonly #holders: Map<string, Set<BudgetHolder>> = new Map()
  #ringBytes = 0
  #keptBytes = 0

  constructor(bounds: BudgetBounds) {
    this.#bounds = bounds
  }

  /** Of all rings, with what stands around their entries. */
  get ringBytes(): number {
    return this.#ringBytes
  }

  /** Of all entries that are older than the rings. */
  get keptBytes(): number {
    return this.#keptBytes
  }

  join(tenant: string, holder: BudgetHolder): void {
    const holders = this.#holders.get(tenant) ?? new Set()
    this.#holders.set(tenant, holders.add(holder))
  }

  leave(tenant: string, holder: BudgetHolder): void {
    const holders = this.#holders.get(tenant)
    holders?.delete(holder)
    if (holders?.size === 0) this.#holders.delete(tenant)
  }

  addRing(bytes: number): void {
    this.#ringBytes += bytes
  }

  addKept(bytes: number): void {
    this.#keptBytes += bytes
  }

  /** Makes room for a segment of a ring, as far as anybody has more than one. */
  makeRoom(bytes: number): void {
    while (this.#ringBytes + bytes > this.#bounds.ringBytesMax) {
      const most = this.#most('ring')
      if (most === undefined) return
      most.giveBackRing()
    }
  }

  /** Takes back what is kept past the bound. */
  keepWithin(): void {
    for (;;) {
      const excess = this.#keptBytes - this.#bounds.keptBytesMax
      const most = excess > 0 ? this.#most('kept') : undefined
      if (most === undefined) return
      most.giveBackKept(excess)
    }
  }

  /** Of the tenant that holds most, the log that has most to give. */
  #most(what: 'ring' | 'kept'): BudgetHolder | undefined {
    let most: BudgetHolder | undefined
    let mostBytes = 0
    for (const holders of this.#holders.values()) {
      let bytes = 0
      let largest: BudgetHolder | undefined
      for (const holder of holders) {
        const spare = holder.spareBytes(what)
        bytes += spare
        if (spare > (largest?.spareBytes(what) ?? 0)) largest = holder
      }
      if (bytes <= mostBytes) continue
      most = largest
      mostBytes = bytes
    }
    return most
  }
}

export interface BudgetBounds {
  /** Past it rings are shorter, down to one segment each. */
  readonly ringBytesMax: number
  /** Past it the subjects that were quiet for longest are forgotten. */
  readonly keptBytesMax: number
}

/** A log, as the budget sees it. */
export interface BudgetHolder {
  /** What it holds, where it can give some of it back. */
  spareBytes(what: 'ring' | 'kept'): number
  /** Drops a segment. */
  giveBackRing(): void
  /** Forgets the quietest subjects, until so many bytes are free or none is left. */
  giveBackKept(bytes: number): void
}
