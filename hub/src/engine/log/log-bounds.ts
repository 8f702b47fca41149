import type { MemoryBudget } from './memory-budget.ts'

/** The bounds of one log. */
export interface LogBounds extends TombstoneBounds {
  /** The tenant that the log belongs to. */
  readonly tenant: string
  /** The memory that all logs share. */
  readonly budget: MemoryBudget
  /** Most bytes of the ring. Cursors older than the ring are served from the stream. */
  readonly ringBytesMax: number
  /**
   * Most subjects. Past it the log forgets the subject that was quiet for longest, and snapshots
   * are served from the stream.
   */
  readonly subjectsMax: number
}

/**
 * Bounds of the remembered removals, by number and by age. A reader with an older cursor begins
 * with a snapshot.
 */
export interface TombstoneBounds {
  readonly tombstonesMax: number
  readonly tombstoneMs: number
}
