import { advance, type Chunk } from './advance.ts'
import type { EntryLog } from './entry-log.ts'
import { fits } from './receiver.ts'
import type { Subscriber } from './subscriber.ts'

/** What comes next for those that are behind, encoded: of many that stand together in one pass, once. */
export class Chunks {
  readonly #log: EntryLog
  /** Of the present pass, by all that they depend on. */
  readonly #known: Map<string, EncodedStep> = new Map()

  constructor(log: EntryLog) {
    this.#log = log
  }

  /** The step from where a subscriber stands, up to `limit` at most. */
  next(subscriber: Subscriber, limit: number): EncodedStep {
    const { channel, position, mode, receiver } = subscriber
    const { seq, owed, uncountedTo, snapshotAt, streamTo, removalsFrom } = position
    const place = `${channel.number},${seq},${owed},${uncountedTo},${snapshotAt},${streamTo},${removalsFrom}`
    const key = `${place},${mode},${receiver.codec.index},${receiver.chunkBytesMax},${limit}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const step = this.#encode(subscriber, limit)
    this.#known.set(key, step)
    return step
  }

  /** The pass has ended: the log goes on. */
  forget(): void {
    this.#known.clear()
  }

  #encode(subscriber: Subscriber, limit: number): EncodedStep {
    const { channel, position, mode, receiver } = subscriber
    const reader = { mode, accepts: channel.accepts }
    for (let bytesMax = receiver.chunkBytesMax; ; ) {
      const step = advance(this.#log, position, reader, limit, bytesMax)
      if (step.kind !== 'chunk') return { step, bytes: noBytes }
      const bytes = encodeChunk(this.#log.epoch, subscriber, step)
      if (step.entries.length <= 1 || fits(receiver, bytes)) return { step, bytes: bytes.slice() }
      bytesMax = Math.floor((bytesMax * receiver.chunkBytesMax) / bytes.length)
    }
  }
}

export interface EncodedStep {
  readonly step: ReturnType<typeof advance>
  readonly bytes: Uint8Array
}

/** A chunk for one subscriber, by its codec; good until the next call. */
export function encodeChunk(epoch: number, { channel, position, receiver }: Subscriber, chunk: Chunk): Uint8Array {
  return receiver.codec.batch({ ...chunk, channel: channel.number, from: position.seq }, epoch, chunk.entries)
}

const noBytes = new Uint8Array(0)
