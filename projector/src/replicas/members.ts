import type { Partition } from '../event/partition.ts'
import { limits } from '../limits.ts'

/** What a replica says of itself, a few times in the time after which it would count as gone. */
export interface Member {
  readonly name: string
  /** The share that it works on; absent while it works on none. */
  readonly share?: Partition | undefined
}

export interface MembersOptions {
  /** The name of this replica. */
  readonly name: string
  /** A member that was not heard for so long is gone. */
  readonly lostMs: number
  /** For how long the members must have been the same before a share is taken. */
  readonly settleMs: number
  /** How long a share waits at most for those who still work by another number of shares. */
  readonly handOverMs: number
}

/**
 * Who works on the same events, and which share is whose: the members in the order of their names
 * have the shares 0/n to n-1/n. Each replica decides by what it hears, and all hear the same. While
 * they do not, keys may have two workers or none for a moment: the first costs work, as every write
 * is compared with what is stored, and the second time, as whoever comes reads on from the position
 * that is stored.
 */
export class Members {
  readonly #options: MembersOptions
  readonly #heard = new Map<string, { share: Partition | undefined; atMs: number }>()
  #changedAtMs: number

  constructor(options: MembersOptions, nowMs: number) {
    this.#options = options
    this.#changedAtMs = nowMs
    this.#heard.set(options.name, { share: undefined, atMs: nowMs })
  }

  get count(): number {
    return this.#heard.size
  }

  hear({ name, share }: Member, nowMs: number): void {
    if (!this.#heard.has(name)) {
      if (this.#heard.size === limits.membersMax) return
      this.#changedAtMs = nowMs
    }
    this.#heard.set(name, { share, atMs: nowMs })
  }

  leave(name: string, nowMs: number): void {
    if (name !== this.#options.name && this.#heard.delete(name)) this.#changedAtMs = nowMs
  }

  /**
   * Which share is this replica's; undefined for one beyond the most shares that there can be.
   * Whoever was not heard for too long counts no more, unless this replica does not hear itself
   * either: then its own connection is what is gone, and all stays as it is.
   */
  shareOf(nowMs: number): Partition | undefined {
    const { name: own, lostMs } = this.#options
    const isLost = ({ atMs }: { readonly atMs: number }): boolean => nowMs - atMs > lostMs
    const self = this.#heard.get(own)
    if (self !== undefined && !isLost(self)) {
      for (const [name, member] of this.#heard) if (isLost(member)) this.leave(name, nowMs)
    }
    const index = [...this.#heard.keys()].sort().indexOf(own)
    const count = Math.min(this.#heard.size, limits.sharesMax)
    return index < count ? { index, count } : undefined
  }

  /**
   * Whether the share may be worked on now: nobody has come or gone for a while, and nobody is seen
   * to work by another number of shares.
   */
  isFree({ count }: Partition, nowMs: number): boolean {
    const { name: own, settleMs, handOverMs } = this.#options
    const sinceMs = nowMs - this.#changedAtMs
    if (sinceMs < settleMs) return false
    if (sinceMs >= handOverMs) return true
    return [...this.#heard].every(([name, { share }]) => name === own || share === undefined || share.count === count)
  }
}
