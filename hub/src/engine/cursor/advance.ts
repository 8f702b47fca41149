import { Mode } from '@weir/proto'
import type { Entry } from '../log/entry.ts'
import type { EntryLog } from '../log/entry-log.ts'
import type { SeqRange } from '../log/gaps.ts'
import type { Position, Reached } from './position.ts'
import { countWithin, select } from './select.ts'

/**
 * The one operation of the hub: it finds what comes next from a position in the log. Catch-up,
 * conflation, snapshot and resume are this function at different positions. Live delivery is its
 * last step, taken by all subscribers that share a position.
 *
 * Invariant of each call: either the matching entries of (from, to] are `entries` plus `conflated`,
 * or the step is a gap that announces them. `limit` is the head, or the position of the channel,
 * past which the next flush sends. Entries older than the ring that a newer one superseded cannot
 * be counted unless they were counted when they left the ring (`owed`); the chunk then says
 * `uncounted`.
 */
export function advance(log: EntryLog, position: Position, reads: Reads, limit: number, bytesMax: number): Step {
  const isLatest = reads.mode === Mode.LATEST
  const detour = isLatest ? detourOfLatest(log, position) : undefined
  if (detour !== undefined) return detour
  // In mode LATEST the forgotten gaps lie before a snapshot, and a snapshot does not announce them.
  const loss = nextLoss(log, isLatest ? Math.max(position.seq, log.gaps.from) : position.seq)
  if (loss !== undefined && loss.from <= position.seq) return { kind: 'gap', to: Math.min(loss.to, limit) }
  if (!isLatest && position.seq < log.completeFrom) return { kind: 'stream' }
  return chunkOf(log, position, reads, Math.min(limit, loss?.from ?? limit), limit, bytesMax)
}

/** The mode and the filter of a reader. */
export interface Reads {
  readonly mode: Mode
  readonly accepts: (subject: string) => boolean
}

export type Step =
  /** Entries to send, and the position after them. */
  | Chunk
  /** The stream could not deliver (from, to]. */
  | { readonly kind: 'gap'; readonly to: number }
  /** The position is older than memory: the stream has to be read. */
  | { readonly kind: 'stream' }
  /** Removals or gaps past the position were forgotten: the reader begins again with a snapshot. */
  | { readonly kind: 'snapshot' }

export interface Chunk extends Reached {
  readonly kind: 'chunk'
  readonly entries: readonly Entry[]
  readonly conflated: number
  readonly uncounted: boolean
}

/**
 * Returns the first gap past a position that has to be announced. An entry that a bucket no longer
 * has was superseded: it is uncounted, and no gap.
 */
export function nextLoss(log: EntryLog, seq: number): SeqRange | undefined {
  return log.keepsNewest ? undefined : log.gaps.after(seq)
}

/**
 * Returns the step that mode LATEST has to take instead of going on in memory; undefined when it
 * can go on.
 */
function detourOfLatest(log: EntryLog, position: Position): Step | undefined {
  const { safeTo, isStreaming, seq } = position
  if (log.removalsFrom > safeTo) return { kind: 'snapshot' }
  if (isStreaming) return { kind: 'stream' }
  if (!log.keepsNewest && log.gaps.from > safeTo) return { kind: 'snapshot' }
  return seq < log.latestFrom ? { kind: 'stream' } : undefined
}

/** Makes a chunk of what memory has up to `end`, which is `limit` or the beginning of a gap. */
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
  // Nobody knows how many of the owed entries lie before the gap and how many past it.
  const forgets = end < limit && position.owed > 0
  const uncountedTo = forgets ? completeFrom : position.uncountedTo
  const owed = forgets ? 0 : position.owed - countWithin(entries, entries.length, uncountedTo, completeFrom)
  const uncounted = seq < uncountedTo || log.gaps.crosses(seq, end)
  const at = isWhole ? end : to
  // Past the entries that left the ring, all that is still owed was superseded there. Before that
  // nobody knows how many were, so a later chunk tells it; this chunk says `uncounted` for a reader
  // that leaves with this cursor.
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
