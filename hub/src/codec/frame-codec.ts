import type { BatchHead, ClientFrame, ServerFrame } from '@weir/proto'
import type { Codec } from '../engine/delivery/codec.ts'
import type { Entry } from '../engine/log/entry.ts'

/** How the frames of weir.v1 become bytes and are read, beside its batches. */
export interface FrameCodec extends Codec {
  /** A channel is a number here, which stands in the head. */
  batch(head: BatchHead, epoch: number, entries: readonly Entry[]): Uint8Array
  frame(frame: ServerFrame['frame']): Uint8Array
  /** Throws `malformed` on what is not a frame, with what is wrong. */
  parse(message: Uint8Array): ClientFrame['frame']
}
