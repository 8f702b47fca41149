import { Mode, Removal } from '@weir/proto'
import { type Entry, type EntryLog, isSuperseded } from './entry-log.ts'
import type { SeqRange } from './gaps.ts'

/**
 * The one operation of the hub: from a position in the log, what comes next. Live delivery, catch-up, conflation, snapshot
 * and resume are this function at different positions.
 *
 * Invariant, for each call: the entries of (from, to] that match are `entries` plus `conflated`, or the step is a gap that
 * announces them; nothing that matches lies between `limit` and the head, unless `limit` is the head. Where the range is older than the ring, what was superseded there cannot be counted unless it was counted
 * when it left (`owed`); the chunk then says `uncounted`.
 *
 * Budget: 50 ns an entry that is passed (bench/src/slow-clients.bench.ts).
 */
export function advance(log: EntryLog, position: Position, reader: Reader, limit: number, bytesMax: number): Step {
  if (reader.mode === Mode.ALL) return advanceAll(log, position, reader, limit, bytesMax)
  return advanceLatest(log, position, reader, limit, bytesMax)
}

/** Where a subscriber is in a log. */
export interface Position {
  /** Everything up to here was sent, counted or announced. */
  seq: number
  /** Entries that match in (seq, end of what left the ring], counted when they left; mode LATEST. */
  owed: number
  /** Up to here nothing is counted: the subscription began there with a cursor older than the ring. */
  uncountedTo: number
  /** The head when its snapshot began: a removal up to here has nothing to remove. */
  snapshotAt: number
  /** Mode LATEST reads the stream up to here, where memory has forgotten subjects; values that were removed later come from it. */
  streamTo: number
  /** What the log's `removalsFrom` was at the last read of it: what is forgotten afterwards may be of what was sent. */
  removalsFrom: number
}

export function positionAt(seq: number): Position {
  return { seq, owed: 0, uncountedTo: 0, snapshotAt: 0, streamTo: 0, removalsFrom: 0 }
}

/** What reads: how, and which subjects. */
export interface Reader {
  readonly mode: Mode
  readonly accepts: (subject: string) => boolean
}

export type Step =
  /** Entries to send, and how far that goes. */
  | Chunk
  /** The stream could not give (from, to]. */
  | { readonly kind: 'gap'; readonly to: number }
  /** The position is older than what memory can serve: read the stream. */
  | { readonly kind: 'stream' }
  /** Removals or gaps past the position were forgotten: begin again with a snapshot. */
  | { readonly kind: 'snapshot' }

export interface Chunk {
  readonly kind: 'chunk'
  readonly to: number
  readonly entries: readonly Entry[]
  readonly conflated: number
  readonly uncounted: boolean
  /** The position's `owed` and `uncountedTo` afterwards. */
  readonly owed: number
  readonly uncountedTo: number
}

/** How many of the entries [first, last), which are about to leave the ring, match and come after a sequence. */
export function countDropped(
  log: EntryLog,
  after: number,
  accepts: Reader['accepts'],
  first: number,
  last: number,
): number {
  return countMatches(log, accepts, Math.max(first, log.indexAfter(after)), last)
}

/** How many of the entries of indexes [first, last) match. */
export function countMatches(log: EntryLog, accepts: Reader['accepts'], first: number, last: number): number {
  let count = 0
  for (let index = first; index < last; index++) if (accepts(log.at(index).state.subject)) count++
  return count
}

/**
 * The first gap that a position has not passed and that has to be announced. What a bucket does not have was superseded: it is
 * only not counted.
 */
export function nextLoss(log: EntryLog, seq: number): SeqRange | undefined {
  return log.keepsNewest ? undefined : log.gaps.after(seq)
}

/** Entries that one step looks at, so that a sparse filter cannot hold up the others. */
const scanMax = 20_000

function advanceAll(log: EntryLog, position: Position, reader: Reader, limit: number, bytesMax: number): Step {
  const loss = nextLoss(log, position.seq)
  if (loss !== undefined && loss.from <= position.seq) return { kind: 'gap', to: Math.min(loss.to, limit) }
  if (position.seq < log.completeFrom) return { kind: 'stream' }
  const end = Math.min(limit, loss?.from ?? limit)
  const uncounted = log.gaps.crosses(position.seq, end)
  const entries: Entry[] = []
  let bytes = 0
  let to = position.seq
  let scanned = 0
  for (let index = log.indexAfter(position.seq); index < log.length; index++) {
    const entry = log.at(index)
    if (entry.seq > end) break
    if (reader.accepts(entry.state.subject)) {
      bytes += entry.end - entry.start
      if (bytes > bytesMax && entries.length > 0) return chunk(to, entries, 0, uncounted, 0, 0)
      entries.push(entry)
    }
    to = entry.seq
    if (++scanned === scanMax) return chunk(to, entries, 0, uncounted, 0, 0)
  }
  return chunk(end, entries, 0, uncounted, 0, 0)
}

function advanceLatest(log: EntryLog, position: Position, reader: Reader, limit: number, bytesMax: number): Step {
  const isStreaming = position.seq < position.streamTo
  const known = Math.max(position.seq, isStreaming ? position.removalsFrom : position.snapshotAt)
  if (log.removalsFrom > known) return { kind: 'snapshot' }
  if (isStreaming) return { kind: 'stream' }
  if (!log.keepsNewest && log.gaps.from > known) return { kind: 'snapshot' }
  if (position.seq < log.latestFrom) return { kind: 'stream' }
  // What was forgotten lies before a snapshot, which does not announce it.
  const loss = nextLoss(log, Math.max(position.seq, log.gaps.from))
  if (loss !== undefined && loss.from <= position.seq) return { kind: 'gap', to: Math.min(loss.to, limit) }
  const end = Math.min(limit, loss?.from ?? limit)
  // Of what is owed nobody knows how much lies before a loss and how much past it.
  const forgets = end < limit && position.owed > 0
  const uncountedTo = forgets ? log.completeFrom : position.uncountedTo
  const uncounted = position.seq < uncountedTo || log.gaps.crosses(position.seq, end)
  const entries: Entry[] = []
  let owed = forgets ? 0 : position.owed
  let conflated = 0
  let bytes = 0
  let to = position.seq
  let scanned = 0
  for (let index = log.indexAfter(position.seq); index < log.length; index++) {
    const entry = log.at(index)
    if (entry.seq > end) break
    if (reader.accepts(entry.state.subject)) {
      if (!isLeftOut(entry, position.snapshotAt)) {
        bytes += entry.end - entry.start
        if (bytes > bytesMax && entries.length > 0) return settle(to)
        entries.push(entry)
        if (entry.seq > uncountedTo && entry.seq <= log.completeFrom) owed--
      } else if (entry.seq > log.completeFrom) conflated++
    }
    to = entry.seq
    if (++scanned === scanMax) return settle(to)
  }
  return end < limit ? settle(end) : chunk(limit, entries, conflated + owed, uncounted, 0, uncountedTo)

  /**
   * A chunk that ends before the limit. Past the part that left the ring, what is still owed was superseded there; within it
   * nobody knows how much of it was, so it is told later, which is no use to who leaves with this cursor.
   */
  function settle(at: number): Chunk {
    if (at < log.completeFrom) return chunk(at, entries, conflated, uncounted || owed > 0, owed, uncountedTo)
    return chunk(at, entries, conflated + owed, uncounted, 0, uncountedTo)
  }
}

function isLeftOut(entry: Entry, snapshotAt: number): boolean {
  return isSuperseded(entry) || (entry.removal !== Removal.UNSPECIFIED && entry.seq <= snapshotAt)
}

function chunk(
  to: number,
  entries: readonly Entry[],
  conflated: number,
  uncounted: boolean,
  owed: number,
  uncountedTo: number,
): Chunk {
  return { kind: 'chunk', to, entries, conflated, uncounted, owed, uncountedTo }
}
