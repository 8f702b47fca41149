import { eventStream, type NatsConnection, sequenceAt } from '@weir/mesh'
import type { EventRecord } from '../src/event/event-record.ts'
import type { Projection } from '../src/run/projection.ts'

/** What happens to a replica next. */
export type ReplicaStep = 'take' | 'take much' | 'checkpoint' | 'crash'

/**
 * One replica of a projection, at some place of the stream, with the position that it stored last.
 */
export class SteppedReplica {
  readonly #nc: NatsConnection
  readonly #tenant: string
  readonly #make: () => Projection
  readonly #events: readonly EventRecord[]
  #projection: Projection
  #next = 0
  #position = 0

  /** @param events all that the tenant's stream has */
  constructor(nc: NatsConnection, tenant: string, make: () => Projection, events: readonly EventRecord[]) {
    this.#nc = nc
    this.#tenant = tenant
    this.#make = make
    this.#events = events
    this.#projection = make()
  }

  async start(): Promise<void> {
    await this.#projection.open()
    const from = this.#events[this.#position - 1]
    const { warmUpMs } = this.#projection
    const stream = eventStream(this.#tenant)
    const again = from === undefined ? 1 : await sequenceAt(this.#nc, stream, from.storedAtMs - Math.max(warmUpMs, 0))
    this.#next = Math.min(this.#position, (again ?? 1) - 1)
  }

  async do(step: ReplicaStep): Promise<void> {
    if (step === 'take') await this.#take(1)
    else if (step === 'take much') await this.#take(10)
    else if (step === 'checkpoint') await this.#checkpoint()
    else {
      // Nothing is waited for: writes that were sent may or may not be stored.
      this.#projection.effects.close()
      this.#projection = this.#make()
      await this.start()
    }
  }

  async finish(): Promise<void> {
    await this.#take(this.#events.length)
    this.#projection.idle(this.#events.at(-1)?.storedAtMs ?? 0)
    await this.#checkpoint()
  }

  close(): void {
    this.#projection.effects.close()
  }

  async #take(count: number): Promise<void> {
    this.#projection.setBehind?.(count > 1)
    for (let left = count; left > 0; left--) {
      const record = this.#events[this.#next]
      if (record === undefined) return
      this.#next++
      await this.#projection.take(record, this.#next <= this.#position)
    }
  }

  async #checkpoint(): Promise<void> {
    const taken = this.#next
    await this.#projection.effects.flushed()
    this.#position = Math.max(this.#position, taken)
  }
}
