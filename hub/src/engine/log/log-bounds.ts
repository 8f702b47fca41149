/** How much one log may hold. */
export interface LogBounds extends TombstoneBounds {
  readonly budget: MemoryBudget
  /** Past it the ring is shorter: older cursors are served from the stream. */
  readonly ringBytesMax: number
  /** Past it the subject that was quiet for longest is forgotten: snapshots are served from the stream. */
  readonly subjectsMax: number
}

/** Removals that are remembered, by number and age; an older cursor starts with a snapshot. */
export interface TombstoneBounds {
  readonly tombstonesMax: number
  readonly tombstoneMs: number
}

/** Memory of all logs of a hub together. */
export interface MemoryBudget {
  ringBytes: number
  /** Past it the ring of the log that grows is shorter, down to one segment. */
  readonly ringBytesMax: number
  keptBytes: number
  /** Past it the log that grows forgets the subjects that were quiet for longest. */
  readonly keptBytesMax: number
}
