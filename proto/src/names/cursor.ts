import { WeirError } from '../error.ts'
import type { Subscribe, Cursor as WireCursor } from '../gen/weir/v1/wire_pb.js'
import { limits } from '../limits.ts'

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
  /**
   * The positions in the other streams of the source, where it has several, in any order: an epoch
   * names its stream. Absent for a source of one stream.
   */
  readonly further?: readonly Cursor[] | undefined
}

/** The position in each stream, the cursor's own first. */
export function cursorParts(cursor: Cursor): readonly Cursor[] {
  const { further } = cursor
  return further === undefined ? [cursor] : [{ epoch: cursor.epoch, seq: cursor.seq }, ...further]
}

/** The cursor of positions in several streams; undefined for none. Throws `malformed`: too many. */
export function joinCursors([first, ...further]: readonly Cursor[]): Cursor | undefined {
  if (further.length >= limits.shardsMax) {
    throw new WeirError('malformed', `A cursor has at most ${limits.shardsMax} positions.`)
  }
  if (first === undefined || further.length === 0) return first
  return { epoch: first.epoch, seq: first.seq, further }
}

/**
 * The text form, `<epoch>-<seq>` in base 36, joined by `_` where there are several streams: what
 * JSON frames, SSE ids and the read API carry. Opaque to applications.
 */
export function formatCursor(cursor: Cursor): string {
  const text = `${cursor.epoch.toString(36)}-${cursor.seq.toString(36)}`
  return cursor.further === undefined ? text : [text, ...cursor.further.map(formatCursor)].join('_')
}

/** Throws `malformed` on anything that formatCursor did not write. */
export function parseCursor(text: string): Cursor {
  return joinCursors(text.split('_', limits.shardsMax + 1).map(parsePart)) as Cursor
}

function parsePart(text: string): Cursor {
  const [, epoch = '', seq = ''] = /^([0-9a-z]{1,11})-([0-9a-z]{1,11})$/.exec(text) ?? []
  return checked(Number.parseInt(epoch, 36), Number.parseInt(seq, 36), text)
}

/** The Protobuf form of a position in one stream, which binary frames carry. */
export function cursorToWire(cursor: Cursor): WireCursor {
  return { $typeName: 'weir.v1.Cursor', epoch: BigInt(cursor.epoch), seq: BigInt(cursor.seq) }
}

/** Throws `malformed` on numbers that no stream reaches (2^53 and above). */
export function cursorFromWire({ epoch, seq }: WireCursor): Cursor {
  return checked(Number(epoch), Number(seq), `${epoch}-${seq}`)
}

function checked(epoch: number, seq: number, text: string): Cursor {
  if (Number.isSafeInteger(epoch) && Number.isSafeInteger(seq)) return { epoch, seq }
  throw new WeirError('malformed', `The cursor ${JSON.stringify(text.slice(0, 64))} is not one that a server gave.`)
}

/** The field of Subscribe that carries a cursor. */
export function cursorField(cursor: Cursor | undefined): Pick<Subscribe, 'cursor'> | Pick<Subscribe, 'cursors'> {
  if (cursor === undefined) return {}
  if (cursor.further === undefined) return { cursor: cursorToWire(cursor) }
  return { cursors: { $typeName: 'weir.v1.Cursors', cursors: cursorParts(cursor).map(cursorToWire) } }
}

/** The cursor of a Subscribe. Throws `malformed`. */
export function cursorOfField({ cursor, cursors }: Pick<Subscribe, 'cursor' | 'cursors'>): Cursor | undefined {
  if (cursors === undefined) return cursor && cursorFromWire(cursor)
  return joinCursors(cursors.cursors.map(cursorFromWire))
}
