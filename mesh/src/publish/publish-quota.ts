import { WeirError } from '@weir/proto'
import { LRUCache } from 'lru-cache'
import type { Identity } from '../auth/identity.ts'
import { publishLimits } from '../config/limits.ts'
import { RateBuckets, type RateLimits } from './rate-buckets.ts'
import { SubjectQuota } from './subject-quota.ts'

export interface PublishQuotaOptions extends RateLimits {
  readonly subjectsMax: number
}

/**
 * What may be published one by one: events and bytes a second of each producer, different subjects
 * of each tenant.
 */
export class PublishQuota {
  readonly #rates: RateLimits
  readonly #subjects: SubjectQuota
  readonly #producers = new LRUCache<string, RateBuckets>({ max: publishLimits.producersMax })

  constructor(options: PublishQuotaOptions) {
    this.#rates = options
    this.#subjects = new SubjectQuota({ ...options, windowMs: publishLimits.subjectsWindowMs })
  }

  /** Counts one event. Throws `rate_limited` or `quota_exceeded`. */
  take({ tenant, subject: sub }: Identity, subject: string, bytes: number, nowMs: number): void {
    const key = `${tenant} ${sub}`
    const buckets = this.#producers.get(key) ?? new RateBuckets(this.#rates, nowMs)
    this.#producers.set(key, buckets)
    buckets.fill(nowMs)
    if (buckets.waitSeconds > 0) {
      const waitMs = Math.ceil(buckets.waitSeconds * 1000)
      throw new WeirError('rate_limited', `This token publishes faster than it may: wait ${waitMs} ms.`)
    }
    if (!this.#subjects.of(tenant, nowMs).takes(subject)) {
      throw new WeirError('quota_exceeded', `The tenant uses as many subjects as it may, and ${subject} is new.`)
    }
    buckets.charge(1, bytes)
  }
}
