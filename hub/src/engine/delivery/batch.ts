import type { BatchHead } from '@weir/proto'
import type { Entry } from '../log/entry.ts'
import type { Reads } from './channel-kind.ts'
import type { Codec } from './codec.ts'

/** The entries of one message. Each encoding is made when the first receiver needs it. */
export class Batch {
  readonly head: BatchHead
  readonly entries: readonly Entry[]
  readonly #reads: Reads
  readonly #epoch: number
  /** Encodings by the index of their codec. */
  readonly #encodings: (Uint8Array | undefined)[] = []

  constructor(reads: Reads, epoch: number, head: BatchHead, entries: readonly Entry[]) {
    this.#reads = reads
    this.#epoch = epoch
    this.head = head
    this.entries = entries
  }

  /**
   * Returns the bytes in an encoding. They are valid until the codec encodes another batch, unless
   * `keep` was called.
   */
  bytesFor(codec: Codec): Uint8Array {
    const known = this.#encodings[codec.index]
    if (known !== undefined) return known
    const bytes = codec.batch(this.head, this.#epoch, this.entries, this.#reads)
    this.#encodings[codec.index] = bytes
    return bytes
  }

  /** Copies the bytes of an encoding, so they are valid as long as the batch. */
  keep(codec: Codec): void {
    this.#encodings[codec.index] = this.bytesFor(codec).slice()
  }
}
