import type { ServerFrame } from '@weir/proto'
import type { Codec } from './codec.ts'

/**
 * What the engine knows of a connection: it takes batches while it has credit, and frames always.
 */
export interface Receiver {
  readonly codec: Codec
  /**
   * Entries for this receiver alone are put into batches of so many bytes, unless one entry is
   * larger.
   */
  readonly chunkBytesMax: number
  /** Whether a chunk of the usual size may be sent now; when it gets so, it calls Source.credit. */
  readonly hasCredit: boolean
  /**
   * Whether a batch of so many bytes and entries may be sent now. A single entry may be larger than
   * any window.
   */
  accepts(bytes: number, entries: number): boolean
  /** Sends an encoded batch; the bytes are copied before it returns. */
  deliver(bytes: Uint8Array): void
  notify(frame: ServerFrame['frame']): void
}

/**
 * Whether an encoded batch is about as large as a chunk is to be: some codecs take more bytes than
 * the entries have.
 */
export function fits({ chunkBytesMax }: Receiver, bytes: number): boolean {
  return bytes <= 2 * chunkBytesMax
}
