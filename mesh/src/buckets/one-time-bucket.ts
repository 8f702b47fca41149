import type { NatsConnection } from '@nats-io/nats-core'
import { WeirError } from '@weir/proto'
import { limits } from '../config/limits.ts'
import { ConditionalPublisher, type Outcome } from '../publish/conditional-publisher.ts'
import { lastByLeader } from '../read/leader-get.ts'

/** Values that anybody on the mesh can take, each once, until they expire with the bucket's TTL. */
export class OneTimeBucket {
  readonly #nc: NatsConnection
  readonly #bucket: string
  readonly #publisher: ConditionalPublisher

  constructor(nc: NatsConnection, bucket: string) {
    this.#nc = nc
    this.#bucket = bucket
    this.#publisher = new ConditionalPublisher(nc, { deadlineMs: limits.slowReadDeadlineMs })
  }

  /**
   * Throws `conflict` when the key was used, `unavailable`, and what a bucket that is full refuses
   * with.
   */
  async put(key: string, value: Uint8Array): Promise<void> {
    const outcome = await this.#publisher.store({ subject: this.#subject(key), payload: value, expectedSeq: 0 })
    if (outcome.kind === 'conflict') throw new WeirError('conflict', 'This key was used already.')
    if (outcome.kind !== 'stored') throw refusal(outcome)
  }

  /**
   * The value, for the one caller who gets it; undefined when there is none, or somebody else was
   * first. Throws `unavailable`, after which the value may be gone as well.
   */
  async take(key: string): Promise<Uint8Array | undefined> {
    // By the word of the leader: a replica may not have heard of a value that was put a moment ago.
    const stored = await lastByLeader(this.#nc, `KV_${this.#bucket}`, this.#subject(key))
    if (stored === undefined || stored.payload.length === 0) return undefined
    const mark = { subject: this.#subject(key), payload: new Uint8Array(0), headers: 'KV-Operation: DEL\r\n' }
    const outcome = await this.#publisher.store({ ...mark, expectedSeq: stored.seq })
    if (outcome.kind === 'conflict') return undefined
    if (outcome.kind !== 'stored') throw refusal(outcome)
    return stored.payload
  }

  close(): void {
    this.#publisher.close()
  }

  #subject(key: string): string {
    return `$KV.${this.#bucket}.${key}`
  }
}

function refusal(outcome: Exclude<Outcome, { kind: 'stored' | 'conflict' }>): WeirError {
  if (outcome.kind === 'refused') return outcome.error
  return new WeirError('unavailable', 'NATS did not acknowledge; try again.', { cause: new Error(outcome.reason) })
}
