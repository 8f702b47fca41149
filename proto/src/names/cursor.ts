import { WeirError } from '../error.ts'
import type { Cursor as WireCursor } from '../gen/weir/v1/wire_pb.js'

/**
 * A position in one source: everything up to and including `seq` of the stream's incarnation
 * `epoch` was sent.
 */
export interface Cursor {
  /**
   * Creation time of the stream, microseconds since the Unix epoch: a stream that is made anew is
   * another epoch.
   */
  readonly epoch: number
  /** Stream sequence; 0 is before the first. */
  readonly seq: number
}

/**
 * The text form, `<epoch>-<seq>` in base 36: what JSON frames, SSE ids and the read API carry.
 * Opaque to applications.
 */
export function formatCursor(cursor: Cursor): string {
  return `${cursor.epoch.toString(36)}-${cursor.seq.toString(36)}`
}

/** Throws `malformed` on anything that formatCursor did not write. */
export function parseCursor(text: string): Cursor {
  const match = /^([0-9a-z]{1,11})-([0-9a-z]{1,11})$/.exec(text)
  const epoch = Number.parseInt(match?.[1] ?? '', 36)
  const seq = Number.parseInt(match?.[2] ?? '', 36)
  if (!Number.isSafeInteger(epoch) || !Number.isSafeInteger(seq)) {
    throw new WeirError('malformed', `The cursor ${JSON.stringify(text.slice(0, 64))} is not one that a server gave.`)
  }
  return { epoch, seq }
}

/** The Protobuf form, which binary frames carry. */
export function cursorToWire(cursor: Cursor): WireCursor {
  return { $typeName: 'weir.v1.Cursor', epoch: BigInt(cursor.epoch), seq: BigInt(cursor.seq) }
}

/** Throws `malformed` on numbers that no stream reaches (2^53 and above). */
export function cursorFromWire(cursor: WireCursor): Cursor {
  const epoch = Number(cursor.epoch)
  const seq = Number(cursor.seq)
  if (!Number.isSafeInteger(epoch) || !Number.isSafeInteger(seq)) {
    throw new WeirError('malformed', `The cursor ${cursor.epoch}-${cursor.seq} is not one that a server gave.`)
  }
  return { epoch, seq }
}
