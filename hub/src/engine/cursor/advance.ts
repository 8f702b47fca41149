import { Mode } from '@weir/proto'
import type { Entry } from '../log/entry.ts'
import type { EntryLog } from '../log/entry-log.ts'
import type { SeqRange } from '../log/gaps.ts'
import type { Position, Reached } from './position.ts'
import { countWithin, select } from './select.ts'

/**
 * The one operation of the hub: from a position in the log, what comes next. Catch-up, conflation,
 * snapshot and resume are this function at different positions; live delivery is its last step,
 * taken by all that stand together.
 *
 * Invariant, for each call: the entries of (from, to] that match are `entries` plus `conflated`, or
 * the step is a gap that announces them; nothing that matches lies between `limit` and the head,
 * unless `limit` is the head. Where the range is older than the ring, what was superseded there
 * cannot be counted unless it was counted when it left (`owed`); the chunk then says
 * `uncounted`.
 */
export function advance(log: EntryLog, position: Position, reads: Reads, limit: number, bytesMax: number): Step {
  const isLatest = reads.mode === Mode.LATEST
  const detour = isLatest ? detourOfLatest(log, position) : undefined
  if (detour !== undefined) return detour
  // Mode LATEST: gaps that were forgotten lie before a snapshot, which does not announce them.
  const loss = nextLoss(log, isLatest ? Math.max(position.seq, log.gaps.from) : position.seq)
  if (loss !== undefined && loss.from <= position.seq) return { kind: 'gap', to: Math.min(loss.to, limit) }
  if (!isLatest && position.seq < log.completeFrom) return { kind: 'stream' }
  return chunkOf(log, position, reads, Math.min(limit, loss?.from ?? limit), limit, bytesMax)
}

/** What is read: how, and which subjects. */
export interface Reads {
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

export interface Chunk extends Reached {
  readonly kind: 'chunk'
  readonly entries: readonly Entry[]
  readonly conflated: number
  readonly uncounted: boolean
}

/**
 * The first gap that a position has not passed and that has to be announced. What a bucket does not
 * have was superseded: it is only not counted.
 */
export function nextLoss(log: EntryLog, seq: number): SeqRange | undefined {
  return log.keepsNewest ? undefined : log.gaps.after(seq)
}

/** Why mode LATEST cannot go on in memory; undefined when it can. */
function detourOfLatest(log: EntryLog, position: Position): Step | undefined {
  const { safeTo, isStreaming, seq } = position
  if (log.removalsFrom > safeTo) return { kind: 'snapshot' }
  if (isStreaming) return { kind: 'stream' }
  if (!log.keepsNewest && log.gaps.from > safeTo) return { kind: 'snapshot' }
  return seq < log.latestFrom ? { kind: 'stream' } : undefined
}

/** What memory has up to `end`, which is `limit` or where a loss begins. */
function chunkOf(
  log: EntryLog,
  position: Position,
  { mode, accepts }: Reads,
  end: number,
  limit: number,
  bytesMax: number,
): Chunk {
  const { completeFrom } = log
  const { seq, snapshotAt } = position
  const reader = { mode, accepts, snapshotAt, countedTo: completeFrom }
  const { entries, conflated, to, isWhole } = select(log.entries, log.indexAfter(seq), end, reader, bytesMax)
  // How much of what is owed lies before a loss, and how much past it, is not known.
  const forgets = end < limit && position.owed > 0
  const uncountedTo = forgets ? completeFrom : position.uncountedTo
  const owed = forgets ? 0 : position.owed - countWithin(entries, entries.length, uncountedTo, completeFrom)
  const uncounted = seq < uncountedTo || log.gaps.crosses(seq, end)
  const at = isWhole ? end : to
  // Past the part that left the ring, what is still owed was superseded there. Within it nobody
  // knows how much of it was, so it is told later, which is no use to who leaves with this cursor.
  const isLater = at < completeFrom && at < limit
  return {
    kind: 'chunk',
    to: at,
    entries,
    conflated: isLater ? conflated : conflated + owed,
    uncounted: uncounted || (isLater && owed > 0),
    owed: isLater ? owed : 0,
    uncountedTo,
  }
}
