import type { BatchHead } from '@weir/proto'
import type { Entry } from '../log/entry.ts'
import type { Reads } from './channel-kind.ts'

/** How batches become bytes, once for all of a channel: what the engine knows of a protocol. */
export interface Codec {
  /** Index of the codec among all codecs, from 0: a batch has one encoding for each. */
  readonly index: number
  /** Whether its messages are binary (RFC 6455 opcode 2) or text. */
  readonly binary: boolean
  /**
   * Encodes a batch of a channel that reads this. The bytes may be a view of a scratch buffer,
   * valid until the next call. They are empty where the protocol has no word for what the batch
   * says.
   */
  batch(head: BatchHead, epoch: number, entries: readonly Entry[], reads: Reads): Uint8Array
  /**
   * Adds the positions in other streams to each cursor of a batch, for a subscription that reads
   * several; absent where cursors of batches have a stream each.
   *
   * @param further as they stand in the text of a cursor
   */
  addPositions?(batch: Uint8Array, further: string): Uint8Array
}
