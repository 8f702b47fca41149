/**
 * The memory that all logs of a hub share. When it is used up, the tenant that holds most gives
 * memory back, from the log that holds most, so no tenant grows at the expense of one that holds
 * less.
 */
export class MemoryBudget {
  readonly #bounds: BudgetBounds
  readonly #holders: Map<string, Set<BudgetHolder>> = new Map()
  #ringBytes = 0
  #keptBytes = 0

  constructor(bounds: BudgetBounds) {
    this.#bounds = bounds
  }

  /** Bytes of all rings and of the objects that describe their entries. */
  get ringBytes(): number {
    return this.#ringBytes
  }

  /** Bytes of all kept entries, which have left the rings. */
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

  /** Frees memory for a segment, as long as some log has more than one segment. */
  makeRoom(bytes: number): void {
    while (this.#ringBytes + bytes > this.#bounds.ringBytesMax) {
      const most = this.#most('ring')
      if (most === undefined) return
      most.giveBackRing()
    }
  }

  /** Frees kept entries until they fit their bound. */
  keepWithin(): void {
    for (;;) {
      const excess = this.#keptBytes - this.#bounds.keptBytesMax
      const most = excess > 0 ? this.#most('kept') : undefined
      if (most === undefined) return
      most.giveBackKept(excess)
    }
  }

  /** Returns the log that can give back most, of the tenant that can give back most. */
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
  /** Most bytes of all rings together. Past it rings shrink, down to one segment each. */
  readonly ringBytesMax: number
  /**
   * Most bytes of all kept entries. Past it logs forget the subjects that were quiet for longest.
   */
  readonly keptBytesMax: number
}

/** The side of a log that the budget sees. */
export interface BudgetHolder {
  /** Returns the bytes that the log can give back. */
  spareBytes(what: 'ring' | 'kept'): number
  /** Drops the oldest segment of the ring. */
  giveBackRing(): void
  /** Forgets the quietest subjects until so many bytes are free or none is left. */
  giveBackKept(bytes: number): void
}
