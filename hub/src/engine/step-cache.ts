import { advance, type Chunk, type Step } from './cursor/advance.ts'
import { Batch } from './delivery/batch.ts'
import { fits } from './delivery/receiver.ts'
import type { Subscriber } from './delivery/subscriber.ts'
import type { EntryLog } from './log/entry-log.ts'

/**
 * Encodes the next step of subscribers that are behind. Many that share a position in one pass
 * share one encoding.
 */
export class StepCache {
  readonly #log: EntryLog
  /** The steps of the current pass, by everything that they depend on. */
  readonly #known: Map<string, EncodedStep> = new Map()

  constructor(log: EntryLog) {
    this.#log = log
  }

  /** Returns the step from a subscriber's position, up to `limit` at most. */
  next(subscriber: Subscriber, limit: number): EncodedStep {
    const { channel, position, mode, receiver } = subscriber
    const key = `${channel.number} ${position.key} ${mode} ${receiver.codec.index} ${receiver.chunkBytesMax} ${limit}`
    let step = this.#known.get(key)
    if (step === undefined) {
      const { accepts } = channel
      step = encodeStep(this.#log, subscriber, receiver.chunkBytesMax, (bytesMax) =>
        advance(this.#log, position, { mode, accepts }, limit, bytesMax),
      )
      if (step.kind === 'chunk') step.batch.keep(receiver.codec)
      this.#known.set(key, step)
    }
    return step
  }

  /** Drops all steps when the pass has ended, as the log goes on. */
  forget(): void {
    this.#known.clear()
  }
}

/** A step. One that sends something has a batch for the subscriber's channel. */
export type EncodedStep = EncodedChunk | Exclude<Step, Chunk>

export interface EncodedChunk {
  readonly kind: 'chunk'
  readonly chunk: Chunk
  readonly batch: Batch
}

/**
 * Makes a step whose encoded batch is small enough for the receiver: it takes fewer entries until
 * it is.
 */
export function encodeStep<S extends Step>(
  log: EntryLog,
  { channel, position, receiver }: Subscriber,
  bytesMax: number,
  step: (bytesMax: number) => S,
): EncodedChunk | Exclude<S, Chunk> {
  for (let most = bytesMax; ; ) {
    const chunk = step(most)
    if (chunk.kind !== 'chunk') return chunk as Exclude<S, Chunk>
    const { to, entries, conflated, uncounted } = chunk
    const batch = new Batch(
      channel,
      log.epoch,
      { channel: channel.number, from: position.seq, to, conflated, uncounted },
      entries,
    )
    const { length } = batch.bytesFor(receiver.codec)
    if (entries.length <= 1 || fits(receiver, length)) return { kind: 'chunk', chunk, batch }
    most = Math.floor((most * receiver.chunkBytesMax) / length)
  }
}
