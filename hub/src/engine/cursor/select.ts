import { Mode, Removal } from '@weir/proto'
import { limits } from '../../limits.ts'
import { type Entry, isSuperseded } from '../log/entry.ts'

/** Who reads. */
export interface Reader {
  readonly mode: Mode
  /** Undefined where all that is read matches. */
  readonly accepts: ((subject: string) => boolean) | undefined
  /** A removal up to here has nothing to remove. */
  readonly snapshotAt: number
  /** What is superseded up to here was counted before: when it left the ring. */
  readonly countedTo: number
}

/** What goes to a reader of the entries that were looked at. */
export interface Selection {
  readonly entries: readonly Entry[]
  /** How many were left out for a newer one, and not counted before. */
  readonly conflated: number
  /** The last sequence that was looked at. */
  readonly to: number
  /** Index of the first entry that was not looked at. */
  readonly next: number
  /** Whether nothing up to `end` is left. */
  readonly isWhole: boolean
}

/**
 * What of a list goes to a reader, and what does not: the one place where this is decided, for what
 * has just come (the pending of a channel), for what the log holds, and for what was read from the
 * stream. Looks at the entries from index `first` on up to the sequence `end`, until the next would
 * make more than `bytesMax` (one goes whatever its size).
 *
 * Budget: 50 ns an entry that is looked at (bench/src/slow-clients.bench.ts).
 */
export function select(
  list: readonly Entry[],
  first: number,
  end: number,
  { mode, accepts, snapshotAt, countedTo }: Reader,
  bytesMax: number,
): Selection {
  const conflates = mode === Mode.LATEST
  const entries: Entry[] = []
  let conflated = 0
  let bytes = 0
  let to = 0
  let next = first
  // A sparse filter must not hold up the others.
  for (const stop = Math.min(list.length, first + limits.scanEntriesMax); next < stop; next++) {
    const entry = list[next] as Entry
    if (entry.seq > end) break
    if (accepts === undefined || accepts(entry.state.subject)) {
      if (conflates && (isSuperseded(entry) || (entry.removal !== Removal.UNSPECIFIED && entry.seq <= snapshotAt))) {
        if (entry.seq > countedTo) conflated++
      } else {
        bytes += entry.end - entry.start
        if (bytes > bytesMax && entries.length > 0) break
        entries.push(entry)
      }
    }
    to = entry.seq
  }
  const isWhole = next === list.length || (list[next] as Entry).seq > end
  return { entries, conflated, to, next, isWhole }
}

/** How many of the entries of indexes [first, last) match. */
export function countMatches(
  list: readonly Entry[],
  accepts: (subject: string) => boolean,
  first: number,
  last: number,
): number {
  let count = 0
  for (let index = first; index < last; index++) if (accepts((list[index] as Entry).state.subject)) count++
  return count
}

/** How many of the entries of indexes [0, last) lie in (from, to]. */
export function countWithin(list: readonly Entry[], last: number, from: number, to: number): number {
  let count = 0
  for (let index = 0; index < last; index++) {
    const { seq } = list[index] as Entry
    if (seq > from && seq <= to) count++
  }
  return count
}
