import { Mode, Removal } from '@weir/proto'
import { limits } from '../../limits.ts'
import { type Entry, isSuperseded } from '../log/entry.ts'

/** The reader that entries are selected for. */
export interface Reader {
  readonly mode: Mode
  /** Filter of the reader; undefined when all entries match. */
  readonly accepts: ((subject: string) => boolean) | undefined
  /** Removals up to this sequence are left out, since the reader has nothing to remove. */
  readonly snapshotAt: number
  /** Superseded entries up to this sequence were counted before, when they left the ring. */
  readonly countedTo: number
}

/** The selected entries, and what became of the others. */
export interface Selection {
  readonly entries: readonly Entry[]
  /** Number of entries that a newer one supersedes and that were not counted before. */
  readonly conflated: number
  /** The sequence of the last entry that was looked at. */
  readonly to: number
  /** Index of the first entry that was not looked at. */
  readonly next: number
  /** Whether every entry up to `end` was looked at. */
  readonly isWhole: boolean
}

/**
 * Selects what goes to a reader. Every decision of this kind is made here: for entries that have
 * just arrived (the pending of a channel), for the log, and for entries read from the stream. The
 * function looks at the entries from index `first` to the sequence `end`, and stops before the
 * bytes exceed `bytesMax`; one entry goes whatever its size.
 *
 * Budget: 50 ns an entry that it looks at (bench/src/slow-clients.bench.ts).
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
  // A sparse filter must not hold up other subscribers.
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

/** Counts the entries of indexes [first, last) that match. */
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

/** Counts the entries of indexes [0, last) whose sequence lies in (from, to]. */
export function countWithin(list: readonly Entry[], last: number, from: number, to: number): number {
  let count = 0
  for (let index = 0; index < last; index++) {
    const { seq } = list[index] as Entry
    if (seq > from && seq <= to) count++
  }
  return count
}
