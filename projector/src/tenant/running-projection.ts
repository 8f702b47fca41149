import type { Health, Logger, NatsConnection, Traces } from '@weir/mesh'
import { compileFilters, silenceOf, silencesBucket } from '@weir/proto'
import type { BucketPositions } from '../bucket/bucket-positions.ts'
import type { Database } from '../db/database.ts'
import { HistoryPositions } from '../db/history-positions.ts'
import { HistoryTable } from '../db/history-table.ts'
import { declarationDigest } from '../declaration/declaration-digest.ts'
import type { Declarations } from '../declaration/file/schema.ts'
import type { ProjectionSpec } from '../declaration/projection-spec.ts'
import type { EventRecord } from '../event/event-record.ts'
import type { Partition } from '../event/partition.ts'
import { AlertProjection } from '../kinds/alert/alert-projection.ts'
import { CountProjection } from '../kinds/count/count-projection.ts'
import { HistoryProjection } from '../kinds/history/history-projection.ts'
import { LatestProjection } from '../kinds/latest/latest-projection.ts'
import { MergeProjection } from '../kinds/merge/merge-projection.ts'
import type { AddressGuard } from '../kinds/notify/address-guard.ts'
import { NotifyProjection } from '../kinds/notify/notify-projection.ts'
import { RateProjection } from '../kinds/rate/rate-projection.ts'
import { WindowProjection } from '../kinds/window/window-projection.ts'
import type { PositionStore } from '../log/position.ts'
import type { DeadLetters } from '../run/dead-letters.ts'
import type { Projection } from '../run/projection.ts'
import { ProjectionRun } from '../run/projection-run.ts'
import type { Quiet } from '../silence/quiet.ts'

export interface RunningProjection {
  readonly spec: ProjectionSpec
  readonly projection: AnyProjection
  readonly run: ProjectionRun
  /** The same text means that it would be made in the same way. */
  readonly identity: string
}

export type AnyProjection =
  | LatestProjection
  | MergeProjection
  | WindowProjection
  | CountProjection
  | RateProjection
  | AlertProjection
  | NotifyProjection
  | HistoryProjection

/** What all projections of a tenant are made from. */
export interface ProjectionParts {
  readonly nc: NatsConnection
  readonly tenant: string
  /** Needed when a history is declared. */
  readonly database: Database | undefined
  readonly partition: Partition
  /** Where notifications may go. */
  readonly guard: AddressGuard
  readonly health: Health
  readonly log: Logger
  readonly traces?: Pick<Traces, 'begin'> | undefined
  readonly deadLetters: DeadLetters
  readonly bucketPositions: BucketPositions
  readonly quiet: Quiet
}

/** Makes one projection; it does not run yet. */
export function runningProjection(
  spec: ProjectionSpec,
  declarations: Declarations,
  parts: ProjectionParts,
): RunningProjection {
  const { nc, tenant, partition, health, log, deadLetters, traces } = parts
  const projection = projectionOf(spec, filtersOfOthers(spec, declarations), parts)
  const positions = positionsOf(spec, parts)
  const source = spec.kind === 'alert' ? spec.source : 'events'
  const { name, from } = spec
  const declaration = declarationDigest(spec)
  const common = { projection: projection as Projection, positions, declaration, traces }
  const run = new ProjectionRun({ ...common, nc, tenant, name, source, from, partition, deadLetters, health, log })
  return { spec, projection, run, identity: identityOf(spec, declarations) }
}

/** What is declared of it, and what of others it has to know. */
export function identityOf(spec: ProjectionSpec, declarations: Declarations): string {
  return JSON.stringify([declarations.texts.get(spec.name), filtersOfOthers(spec, declarations)])
}

function projectionOf(spec: ProjectionSpec, others: readonly string[], parts: ProjectionParts): AnyProjection {
  const { nc, tenant, database, partition, log, quiet, guard, deadLetters } = parts
  const isOthers = others.length === 0 ? () => false : compileFilters(others)
  const target = { nc, tenant, partition, log, isOthers }
  switch (spec.kind) {
    case 'latest':
      return new LatestProjection({ ...target, spec, check: spec.bucket === silencesBucket ? checkSilence : undefined })
    case 'merge':
      return new MergeProjection({ ...target, spec })
    case 'window':
      return new WindowProjection({ ...target, spec })
    case 'count':
      return new CountProjection({ ...target, spec })
    case 'rate':
      return new RateProjection({ ...target, spec })
    case 'alert':
      return new AlertProjection({ nc, tenant, spec, partition, log })
    case 'notify':
      return new NotifyProjection({ nc, tenant, spec, partition, quiet, guard, deadLetters, log })
    case 'history': {
      const table = new HistoryTable(needed(database), tenant)
      return new HistoryProjection({ spec, table, partition, deadLetters, log })
    }
  }
}

/** An event that declares no silence must not take the place of one that does. */
function checkSilence(record: EventRecord): void {
  silenceOf(record.subject, record.event, record.storedAtMs)
}

/** Which keys of its bucket other projections may write as well. */
function filtersOfOthers(spec: ProjectionSpec, { projections }: Declarations): readonly string[] {
  return projections.flatMap((other) => {
    if (other === spec || !('bucket' in spec && 'bucket' in other) || other.bucket !== spec.bucket) return []
    if (other.name === spec.name) return []
    return other.from.map((filter) => other.key.keysOf(filter))
  })
}

function positionsOf(spec: ProjectionSpec, { database, tenant, bucketPositions }: ProjectionParts): PositionStore {
  return spec.kind === 'history' ? new HistoryPositions(needed(database), tenant) : bucketPositions
}

function needed(database: Database | undefined): Database {
  if (database !== undefined) return database
  throw new Error(
    'DATABASE_URL is needed, as a history is declared; or declare projections without one in WEIR_PROJECTIONS.',
  )
}
