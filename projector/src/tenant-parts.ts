import type { Health, Logger, Metrics, NatsConnection, Part } from '@weir/mesh'
import type { ProjectorConfig } from './config.ts'
import type { Database } from './db/database.ts'
import { HistoryPositions } from './db/history-positions.ts'
import { HistoryTable } from './db/history-table.ts'
import type { ProjectionSpec } from './declaration/projection-spec.ts'
import { AlertProjection } from './projection/alert-projection.ts'
import { BucketPositions } from './projection/bucket-positions.ts'
import { DeadLetters } from './projection/dead-letters.ts'
import { HistoryProjection } from './projection/history-projection.ts'
import { LatestProjection } from './projection/latest-projection.ts'
import { MergeProjection } from './projection/merge-projection.ts'
import type { PositionStore } from './projection/position.ts'
import type { Projection } from './projection/projection.ts'
import { ProjectionRun } from './projection/projection-run.ts'
import { WindowProjection } from './projection/window-projection.ts'

export interface TenantOptions {
  readonly nc: NatsConnection
  readonly tenant: string
  readonly specs: readonly ProjectionSpec[]
  readonly database: Database | undefined
  readonly config: Pick<ProjectorConfig, 'partition'>
  readonly health: Health
  readonly metrics: Metrics
  readonly log: Logger
}

/** The projections of one tenant, each a part of the service. */
export function tenantParts(options: TenantOptions): readonly Part[] {
  const { nc, tenant, specs, database, health, log } = options
  const { partition } = options.config
  const deadLetters = new DeadLetters(nc, tenant, log)
  const bucketPositions = new BucketPositions(nc, tenant)
  const common = { nc, tenant, partition, deadLetters, health, log }
  const run = (
    name: string,
    from: readonly string[],
    projection: Projection,
    positions: PositionStore,
  ): ProjectionRun => new ProjectionRun({ ...common, name, from, projection, positions })
  return specs.flatMap((spec) => {
    const { name, from } = spec
    if (spec.kind === 'history' && database !== undefined) {
      const table = new HistoryTable(database, tenant)
      const projection = new HistoryProjection({ spec, table, partition, deadLetters, log })
      return [
        new ProjectionRun({ ...common, name, from, projection, positions: new HistoryPositions(database, tenant) }),
      ]
    }
    const target = { nc, tenant, partition, log }
    if (spec.kind === 'latest') return [run(name, from, new LatestProjection({ ...target, spec }), bucketPositions)]
    if (spec.kind === 'merge') return [run(name, from, new MergeProjection({ ...target, spec }), bucketPositions)]
    if (spec.kind === 'window') return [run(name, from, new WindowProjection({ ...target, spec }), bucketPositions)]
    if (spec.kind === 'alert') {
      const { source } = spec
      const projection = new AlertProjection({ ...target, spec })
      return [new ProjectionRun({ ...common, name, source, from, projection, positions: bucketPositions })]
    }
    return []
  })
}
