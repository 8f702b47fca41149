import type { ServerFrame } from '@weir/proto'
import type { Codec } from './codec.ts'

/**
 * The side of a connection that the engine sees. It takes batches while it has credit, and frames
 * always.
 */
export interface Receiver {
  readonly codec: Codec
  /** Bytes of a chunk for this receiver alone; a single entry may be larger. */
  readonly chunkBytesMax: number
  /**
   * Whether a chunk of the usual size may be sent now. When that becomes true, the receiver calls
   * Source.credit.
   */
  readonly hasCredit: boolean
  /**
   * Sends an encoded batch of so many entries, if there is credit for it; false when there is not.
   * A single entry may be larger than any window. The bytes are copied before it returns.
   */
  take(bytes: Uint8Array, entries: number): boolean
  /** Says something of a subscription; the receiver may end that subscription meanwhile. */
  notify(frame: ServerFrame['frame']): void
}

/**
 * Whether an encoded batch is about as large as a chunk may be. Some codecs take more bytes than
 * the entries have.
 */
export function fits({ chunkBytesMax }: Receiver, bytes: number): boolean {
  return bytes <= 2 * chunkBytesMax
}
