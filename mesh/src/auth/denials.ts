import { WeirError } from '@weir/proto'
import { limits } from '../config/limits.ts'
import type { Identity } from './identity.ts'

/**
 * The tokens of those who were disconnected, until they expire. A token is known by whose it is and
 * when it ends, so whoever gets a new one afterwards is let in.
 */
export class Denials {
  /** By tenant and subject, the one that was denied last at the end. */
  readonly #denied: Map<string, Denial> = new Map()

  add({ tenant, subject, expiresAt }: Denial): void {
    const key = `${tenant} ${subject}`
    const known = this.#denied.get(key)
    // Hubs tell each other again and again; only what is new has a new place.
    if (known !== undefined && known.expiresAt >= expiresAt) return
    this.#denied.delete(key)
    this.#denied.set(key, { tenant, subject, expiresAt })
    if (this.#denied.size <= limits.denialsMax) return
    for (const [oldest] of this.#denied) {
      this.#denied.delete(oldest)
      return
    }
  }

  /** Whether the token of this identity was denied. */
  has({ tenant, subject, expiresAt }: Identity): boolean {
    const denied = this.#denied.get(`${tenant} ${subject}`)
    return denied !== undefined && denied.expiresAt >= expiresAt
  }

  /** Throws `revoked`. */
  check(identity: Identity): void {
    if (!this.has(identity)) return
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
