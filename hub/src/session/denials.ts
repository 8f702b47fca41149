import type { Identity } from '@weir/mesh'
import { WeirError } from '@weir/proto'
import { limits } from '../limits.ts'

/**
 * The tokens of those who were disconnected, until they expire. A token is known by whose it is and when it ends, so whoever
 * gets a new one afterwards is let in.
 */
export class Denials {
  /** By tenant and subject, the one that was denied last at the end. */
  readonly #denied: Map<string, Denial> = new Map()

  add(denial: Denial): void {
    const { tenant, subject, expiresAt } = denial
    const key = `${tenant} ${subject}`
    const known = this.#denied.get(key)?.expiresAt ?? 0
    this.#denied.delete(key)
    this.#denied.set(key, { tenant, subject, expiresAt: Math.max(known, expiresAt) })
    if (this.#denied.size <= limits.denialsMax) return
    for (const [oldest] of this.#denied) {
      this.#denied.delete(oldest)
      return
    }
  }

  /** Throws `revoked`. */
  check({ tenant, subject, expiresAt }: Identity): void {
    const denied = this.#denied.get(`${tenant} ${subject}`)
    if (denied === undefined || denied.expiresAt < expiresAt) return
    throw new WeirError('revoked', 'An administrator has disconnected the holder of this token: get a new one.')
  }

  /** Those that still matter. */
  list(nowMs: number): readonly Denial[] {
    for (const [key, { expiresAt }] of this.#denied) if (expiresAt * 1000 <= nowMs) this.#denied.delete(key)
    return [...this.#denied.values()]
  }
}

/** The tokens of a subject that expire by then. */
export interface Denial {
  readonly tenant: string
  readonly subject: string
  /** Seconds since the Unix epoch. */
  readonly expiresAt: number
}
