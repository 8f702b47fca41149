import type { BatchHead } from '@weir/proto'
import type { Entry } from '../log/entry.ts'
import type { Codec } from './codec.ts'

/**
 * What goes out in one message, and its bytes in each encoding, made when the first receiver needs
 * them.
 */
export class Batch {
  readonly head: BatchHead
  readonly entries: readonly Entry[]
  readonly #epoch: number
  /** By the index of the codec. */
  readonly #encodings: (Uint8Array | undefined)[] = []

  constructor(epoch: number, head: BatchHead, entries: readonly Entry[]) {
    this.#epoch = epoch
    this.head = head
    this.entries = entries
  }

  /** Good until the codec encodes another batch, unless it was kept. */
  bytesFor(codec: Codec): Uint8Array {
    const known = this.#encodings[codec.index]
    if (known !== undefined) return known
    const bytes = codec.batch(this.head, this.#epoch, this.entries)
    this.#encodings[codec.index] = bytes
    return bytes
  }

  /** Keeps the bytes of a codec for as long as the batch lives. */
  keep(codec: Codec): void {
    this.#encodings[codec.index] = this.bytesFor(codec).slice()
  }
}
