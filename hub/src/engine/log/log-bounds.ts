import type { MemoryBudget } from './memory-budget.ts'

/** How much one log may hold. */
export interface LogBounds extends TombstoneBounds {
  /** Whose log it is. */
  readonly tenant: string
  /** Of all logs. */
  readonly budget: MemoryBudget
  /** Past it the ring is shorter: older cursors are served from the stream. */
  readonly ringBytesMax: number
  /**
   * Past it the subject that was quiet for longest is forgotten: snapshots are served from the
   * stream.
   */
  readonly subjectsMax: number
}

/** Removals that are remembered, by number and age; an older cursor starts with a snapshot. */
export interface TombstoneBounds {
  readonly tombstonesMax: number
  readonly tombstoneMs: number
}
