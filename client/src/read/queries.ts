import type { Entry } from '../subscription/entry.ts'
import type { Page } from './listing.ts'

export interface StateQuery {
  /** Which subjects; without, all that the token grants. */
  readonly filter?: string | readonly string[]
  /** At most so many items; without, all. */
  readonly limit?: number
  /** `next` of a page: where to begin. */
  readonly after?: string
}

/** The newest event of a subject, as a bucket holds it. */
export type StateItem = HistoryItem & {
  /** How long ago it was stored. */
  readonly ageMs: number
  /** The age at which it is removed; 0 when it never is. */
  readonly ttlMs: number
}

export interface StatePage extends Page<StateItem> {
  readonly bucket: string
  /** Where a subscription to this bucket goes on; of several pages, take that of the first. */
  readonly cursor: string
}

export interface HistoryQuery {
  /** Which subjects; without, all that the token grants. */
  readonly filter?: string | readonly string[]
  /** RFC 3339, a Date, or milliseconds since the Unix epoch. */
  readonly from?: string | number | Date
  readonly to?: string | number | Date
  /**
   * By the time at which they happened: `asc`, the oldest first, which is the default, or `desc`.
   */
  readonly order?: 'asc' | 'desc'
  /**
   * Asks for `series` in place of events: readings in steps of so many seconds, or of `10s`, `5m`;
   * needs `from`.
   */
  readonly step?: string | number
  /** At most so many items; without, all. */
  readonly limit?: number
  /** `next` of a page: where to begin. */
  readonly cursor?: string
}

/** A stored event. Live continues at the page's cursor. */
export type HistoryItem = Omit<Entry, 'cursor' | 'detached'>

/**
 * One metric of one subject in steps: columns of equal length. A step without readings is left out.
 */
export interface Series {
  readonly subject: string
  readonly metric: string
  readonly unit?: string
  /** Begin of each step, milliseconds since the Unix epoch. */
  readonly times: readonly number[]
  readonly count: readonly number[]
  readonly min: readonly number[]
  readonly max: readonly number[]
  readonly avg: readonly number[]
  readonly last: readonly number[]
}

export interface HistoryPage extends Page<HistoryItem> {
  /** With `step`. */
  readonly series?: readonly Series[]
  /** Where a subscription to `events` goes on; the same on every page of a query. */
  readonly cursor: string
}
