import type { BatchHead, ClientFrame, ServerFrame } from '@weir/proto'
import type { Entry } from '../log/entry.ts'

/** How frames become bytes: the seam at which another protocol can stand beside weir.v1. */
export interface Codec {
  /** Index of the codec among all codecs, from 0: a batch has one encoding for each. */
  readonly index: number
  /** Whether its messages are binary (RFC 6455 opcode 2) or text. */
  readonly binary: boolean
  /** Encodes a batch. The bytes may be a view of a scratch buffer, valid until the next call. */
  batch(head: BatchHead, epoch: number, entries: readonly Entry[]): Uint8Array
  frame(frame: ServerFrame['frame']): Uint8Array
  /** Decodes a frame. Throws `malformed`, with the reason, when the bytes are no frame. */
  parse(message: Uint8Array): ClientFrame['frame']
}
