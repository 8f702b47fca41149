import { Removal, WeirError } from '@weir/proto'
import { EventRecord } from '../event/event-record.ts'
import type { Position } from '../log/position.ts'
import type { LogMessage } from '../log/source-log.ts'
import type { DeadLetters } from './dead-letters.ts'
import type { Progress } from './progress.ts'
import type { Projection } from './projection.ts'
import type { TracedEvents } from './traced-events.ts'

export interface IntakeOptions {
  /** Of the projection, as its dead letters name it. */
  readonly name: string
  readonly projection: Projection
  readonly deadLetters: DeadLetters
  readonly progress: Progress
  readonly traced: TracedEvents | undefined
  readonly stats: IntakeStats
}

export interface IntakeStats {
  /** Events that were handed to the projection. */
  taken: number
  deadLetters: number
  /** Events that are stored and not yet taken. */
  pending: number
}

/**
 * Hands the messages of a source to a projection, each as an event, and records which was the last.
 * An event that cannot be projected becomes a dead letter; any other failure is thrown. Every event
 * of a projection passes here; bench/src/projector.bench.ts and derived.bench.ts guard the cost.
 */
export class Intake {
  readonly #options: IntakeOptions

  constructor(options: IntakeOptions) {
    this.#options = options
  }

  /**
   * Takes the next message. A returned promise holds the reader back.
   *
   * @param epoch the incarnation of the source
   * @param prefix how many characters the subjects of the source have before the events' own
   */
  take(message: LogMessage, epoch: number, prefix: number): undefined | Promise<undefined> {
    const { projection, progress, traced } = this.#options
    const { subject, seq, storedAtMs, payload, removal } = message
    const isRemoval = removal !== Removal.UNSPECIFIED
    const record = new EventRecord(subject.slice(prefix), epoch, seq, storedAtMs, payload, isRemoval)
    traced?.took(record.subject, seq, payload)
    try {
      const slow = projection.take(record, isRepeated(message, progress.stored))
      if (slow === undefined) return this.#took(message)
      return slow.then(
        () => this.#took(message),
        (thrown) => this.#failed(message, record, thrown),
      )
    } catch (thrown) {
      return this.#failed(message, record, thrown)
    }
  }

  #took(message: LogMessage): undefined {
    const { stats, progress } = this.#options
    stats.taken++
    stats.pending = message.pending
    progress.took(message)
    return undefined
  }

  async #failed(message: LogMessage, record: EventRecord, thrown: unknown): Promise<undefined> {
    if (!(thrown instanceof WeirError) || thrown.retryable || thrown.code === 'internal') throw thrown
    const { name, deadLetters, stats } = this.#options
    await deadLetters.put(name, record, thrown)
    stats.deadLetters++
    return this.#took(message)
  }
}

/** Whether the effects of a message are stored already. */
function isRepeated({ seq, shard }: LogMessage, position: Position): boolean {
  if (shard === undefined) return seq <= position.seq
  return shard.seq <= (position.shards?.[shard.index]?.seq ?? 0)
}
