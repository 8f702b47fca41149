import type { Load } from '@weir/mesh'
import type { TenantProjections } from './tenant-projections.ts'

/** How loaded a projector is, as it tells the mesh. */
export function projectorLoad(tenants: readonly TenantProjections[]): Load {
  const now = { projections: 0, pending: 0, blocked: 0 }
  const totals = { taken: 0, dead_letters: 0, restarts: 0 }
  for (const { runs } of tenants) {
    for (const { run, projection } of runs) {
      now.projections++
      now.pending += run.stats.pending
      if (projection.effects.blocked() !== undefined) now.blocked++
      totals.taken += run.stats.taken
      totals.dead_letters += run.stats.deadLetters
      totals.restarts += run.stats.restarts
    }
  }
  return { now, totals, units: {} }
}
