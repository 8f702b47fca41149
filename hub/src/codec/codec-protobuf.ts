import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import {
  AckSchema,
  BATCH_HEAD_BYTES_MAX,
  type BatchHead,
  ClientFrameSchema,
  readAck,
  ServerFrameSchema,
  WeirError,
  writeBatchHead,
} from '@weir/proto'
import type { Entry } from '../engine/log/entry.ts'
import type { FrameCodec } from './frame-codec.ts'

/**
 * The subprotocol weir.v1. Entries stand encoded in the log, so a batch is its head and one copy
 * for each run of entries that are neighbours there.
 *
 * Budget: 10 ns an entry beside the copy (bench/src/fan-out.bench.ts).
 */
export const protobufCodec: FrameCodec = {
  index: 0,
  binary: true,

  batch(head: BatchHead, _epoch: number, entries: readonly Entry[]): Uint8Array {
    let bytes = 0
    for (const entry of entries) bytes += entry.end - entry.start
    if (scratch.length < bytes + BATCH_HEAD_BYTES_MAX) scratch = new Uint8Array(2 * (bytes + BATCH_HEAD_BYTES_MAX))
    let at = writeBatchHead(scratch, 0, head, bytes)
    for (let index = 0; index < entries.length; ) {
      const first = entries[index++] as Entry
      let end = first.end
      for (let next = entries[index]; next?.bytes === first.bytes && next.start === end; next = entries[++index])
        end = next.end
      scratch.set(first.bytes.subarray(first.start, end), at)
      at += end - first.start
    }
    return scratch.subarray(0, at)
  },

  frame(frame) {
    return toBinary(ServerFrameSchema, create(ServerFrameSchema, { frame }))
  },

  parse(message) {
    const acknowledged = readAck(message)
    if (acknowledged !== undefined) {
      return { case: 'ack', value: create(AckSchema, { bytes: acknowledged }) }
    }
    try {
      return fromBinary(ClientFrameSchema, message).frame
    } catch (cause) {
      throw new WeirError('malformed', 'The message is not a weir.v1.ClientFrame.', { cause })
    }
  },
}

let scratch = new Uint8Array(131_072)
