import { BatchReader } from './batch-reader.ts'
import { eventMicros } from './bench-event.ts'

/** What counting needs of a batch. */
export interface KnownBatch {
  readonly channel: number
  readonly from: number
  readonly to: number
  readonly entries: number
  readonly conflated: number
  /** When its oldest event was published; 0 when it holds none. */
  readonly micros: number
}

/** Counts the entries of batches once, though they come to many sockets. */
export interface BatchCounter {
  /**
   * The batch whose frame of `length` begins at `start`, if it was seen before; undefined too for
   * other frames.
   */
  find(bytes: Uint8Array, start: number, end: number, length: number): KnownBatch | undefined
  /** Counts a whole batch; undefined for other frames. */
  count(bytes: Uint8Array, start: number, end: number): KnownBatch | undefined
}

/**
 * The batches that were seen last, by their heads: a batch that goes to a thousand sockets is
 * counted once, and known by its head on the others. So a generator keeps up with a hub on a core
 * of its own.
 */
export class KnownBatches implements BatchCounter {
  readonly #reader = new BatchReader()
  readonly #known: (KnownBatch | undefined)[] = new Array<KnownBatch | undefined>(slots)

  find(bytes: Uint8Array, start: number, end: number): KnownBatch | undefined {
    const reader = this.#reader
    if (!reader.read(bytes, start, end)) return undefined
    const known = this.#known[slotOf(reader)]
    const { channel, from, to } = reader
    return known?.channel === channel && known.from === from && known.to === to ? known : undefined
  }

  count(bytes: Uint8Array, start: number, end: number): KnownBatch | undefined {
    const reader = this.#reader
    if (!reader.read(bytes, start, end)) return undefined
    const { channel, from, to, conflated } = reader
    const entries = reader.count()
    const micros = reader.next() && reader.eventStart > 0 ? eventMicros(bytes, reader.eventStart) : 0
    const known = { channel, from, to, entries, conflated, micros }
    this.#known[slotOf(reader)] = known
    return known
  }
}

const slots = 4096

function slotOf({ channel, from }: BatchReader): number {
  return (from + 31 * channel) % slots
}
