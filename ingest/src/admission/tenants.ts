import { WeirError } from '@weir/proto'
import { LRUCache } from 'lru-cache'
import { ingestLimits } from '../limits.ts'

/**
 * Whether there is a tenant of this name: a stream for its events. Undefined when nobody can say at
 * the moment.
 */
export type TenantExists = (tenant: string) => Promise<boolean | undefined>

/**
 * Which tenants there are, so that a token of one that does not exist is told so at once, and not
 * after the store was asked in vain for seconds. A tenant that is there is asked about once.
 */
export class Tenants {
  readonly #exists: TenantExists
  readonly #known = new LRUCache<string, boolean>({ max: ingestLimits.quotaTenantsMax })
  readonly #asking = new Map<string, Promise<void>>()

  constructor(exists: TenantExists) {
    this.#exists = exists
  }

  /** Whether `check` need not be asked. */
  isKnown(tenant: string): boolean {
    return this.#known.get(tenant) === true
  }

  /** Throws `not_found`. Where nobody can say, the tenant passes: what the store answers stands. */
  async check(tenant: string): Promise<void> {
    if (!this.#known.has(tenant)) await this.ask(tenant)
    if (this.#known.get(tenant) !== false) return
    throw new WeirError(
      'not_found',
      `There is no tenant ${JSON.stringify(tenant)}, of which the token is: make it with "weir tenant create ${tenant}", or send a token of another.`,
    )
  }

  /**
   * Asks anew: the store could not be had for this tenant, perhaps because it is gone. Never
   * rejects.
   */
  ask(tenant: string): Promise<void> {
    let asking = this.#asking.get(tenant)
    if (asking === undefined) {
      asking = this.#ask(tenant).finally(() => this.#asking.delete(tenant))
      this.#asking.set(tenant, asking)
    }
    return asking
  }

  async #ask(tenant: string): Promise<void> {
    let late: ReturnType<typeof setTimeout> | undefined
    const silence = new Promise<undefined>((resolve) => {
      late = setTimeout(() => resolve(undefined), ingestLimits.tenantAnswerMs)
    })
    const exists = await Promise.race([this.#exists(tenant).catch(() => undefined), silence])
    clearTimeout(late)
    // One that is missing is asked about again after a while, as somebody may make it.
    if (exists !== undefined) this.#known.set(tenant, exists, { ttl: exists ? 0 : ingestLimits.tenantMissingMs })
  }
}
