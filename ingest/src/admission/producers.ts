import { type Identity, RateBuckets, type RateLimits } from '@weir/mesh/edge'
import { LRUCache } from 'lru-cache'
import type { BodyPayer } from '../body/body-payer.ts'
import { ingestLimits } from '../limits.ts'
import { type Account, FairBudget } from './fair-budget.ts'
import { rateLimited } from './rate-limited.ts'

export interface ProducersOptions extends RateLimits {
  readonly bodyBytesMax: number
  readonly bodiesBytesMax: number
}

/** Who sends: a tenant and the subject of its tokens, with what each may send and hold. */
export class Producers {
  readonly #rates: RateLimits
  readonly #memory: FairBudget
  readonly #records = new FairBudget(ingestLimits.recordsInFlightMax, ingestLimits.recordsMax)
  readonly #producers = new LRUCache<string, Producer>({ max: ingestLimits.rateTokensMax })
  /** Saves the key and its look-up: the Verifier gives one Identity a token. */
  readonly #byIdentity = new WeakMap<Identity, Producer>()

  constructor(options: ProducersOptions) {
    this.#rates = options
    this.#memory = new FairBudget(options.bodiesBytesMax, 2 * options.bodyBytesMax)
  }

  /** Of all bodies that are being read or worked on, and of the events that they became. */
  get heldBytes(): number {
    return this.#memory.held
  }

  /** The producer, its buckets filled up to now. */
  of(identity: Identity, nowMs: number): Producer {
    let producer = this.#byIdentity.get(identity)
    if (producer === undefined) {
      const { tenant, subject } = identity
      const key = `${tenant} ${subject}`
      producer =
        this.#producers.get(key) ??
        new Producer(new RateBuckets(this.#rates, nowMs), this.#memory.account(tenant), this.#records.account(tenant))
      this.#producers.set(key, producer)
      this.#byIdentity.set(identity, producer)
    }
    producer.buckets.fill(nowMs)
    return producer
  }
}

/**
 * Pays for its own requests: with its rate, its share of the memory and of the records on their way
 * to the stream.
 */
export class Producer implements BodyPayer {
  readonly buckets: RateBuckets
  readonly records: Account
  readonly #memory: Account

  constructor(buckets: RateBuckets, memory: Account, records: Account) {
    this.buckets = buckets
    this.#memory = memory
    this.records = records
  }

  hold(bytes: number): void {
    this.#memory.hold(bytes)
  }

  release(bytes: number): void {
    this.#memory.release(bytes)
  }

  charge(bytes: number): void {
    this.buckets.charge(0, bytes)
  }

  checkRate(): void {
    if (this.buckets.waitSeconds > 0) throw rateLimited()
  }
}
