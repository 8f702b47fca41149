import type { ServerFrame } from '@weir/proto'
import type { Codec } from '../codec/codec.ts'

/** What the engine knows of a connection: it takes batches while it has credit, and frames always. */
export interface Receiver {
  readonly codec: Codec
  /** Batches for this receiver alone are not larger than this, unless one entry is. */
  readonly chunkBytesMax: number
  /** Whether a chunk of the usual size may be sent now; when it gets so, it calls Source.credit. */
  readonly hasCredit: boolean
  /** Whether a batch of so many bytes may be sent now. */
  accepts(bytes: number): boolean
  /** Sends an encoded batch; the bytes are copied before it returns. */
  deliver(bytes: Uint8Array): void
  notify(frame: ServerFrame['frame']): void
}
