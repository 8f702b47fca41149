import type { Health, Logger, NatsConnection, Traces } from '@weir/mesh'
import { compileFilters, silenceOf, silencesBucket } from '@weir/proto'
import { BucketPositions } from '../bucket/bucket-positions.ts'
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
import { DeadLetters } from '../run/dead-letters.ts'
import type { PositionStore } from '../run/position.ts'
import type { Projection } from '../run/projection.ts'
import { ProjectionRun } from '../run/projection-run.ts'
import { Inhibitions } from '../silence/inhibitions.ts'
import { Maintenance } from '../silence/maintenance.ts'
import { Quiet } from '../silence/quiet.ts'
import { SilenceBook } from '../silence/silence-book.ts'
import { RemovedRules } from './removed-rules.ts'
import { type Unowned, unowned } from './unowned.ts'

export interface TenantOptions {
  readonly nc: NatsConnection
  readonly tenant: string
  readonly declarations: Declarations
  /** Needed when a history is among the specs. */
  readonly database: Database | undefined
  readonly partition: Partition
  /** Where notifications may go. */
  readonly guard: AddressGuard
  readonly health: Health
  readonly log: Logger
  readonly traces?: Pick<Traces, 'begin'> | undefined
}

/** What runs for one tenant. */
export interface TenantProjections {
  readonly tenant: string
  readonly runs: readonly RunningProjection[]
  readonly deadLetters: DeadLetters
  readonly removedRules: RemovedRules
  readonly quiet: Quiet
  readonly maintenance: Maintenance
  /** What is stored and belongs to none of them. */
  unowned(): Promise<Unowned>
}

export interface RunningProjection {
  readonly spec: ProjectionSpec
  readonly projection: AnyProjection
  readonly run: ProjectionRun
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

/** Makes the projections of one tenant; none of them runs yet. */
export function tenantProjections(options: TenantOptions): TenantProjections {
  const { nc, tenant, declarations, partition, health, log, traces } = options
  const specs = declarations.projections
  const deadLetters = new DeadLetters(nc, tenant, log)
  const bucketPositions = new BucketPositions(nc, tenant)
  const { maintenance: times, inhibitions } = declarations
  const silences = new SilenceBook({ nc, tenant, log })
  const quiet = new Quiet(silences, new Inhibitions({ nc, tenant, specs: inhibitions, log }))
  const runs = specs.map((spec): RunningProjection => {
    const projection = projectionOf(spec, options, deadLetters, quiet)
    const positions = positionsOf(spec, options, bucketPositions)
    const source = spec.kind === 'alert' ? spec.source : 'events'
    const { name, from } = spec
    const declaration = declarationDigest(spec)
    const common = { projection: projection as Projection, positions, declaration, traces }
    const run = new ProjectionRun({ ...common, nc, tenant, name, source, from, partition, deadLetters, health, log })
    return { spec, projection, run }
  })
  const rules = specs.filter(({ kind }) => kind === 'alert').map(({ name }) => name)
  const removedRules = new RemovedRules({ nc, tenant, rules, log })
  const maintenance = new Maintenance({ nc, tenant, specs: times, silences, log })
  return {
    tenant,
    runs,
    deadLetters,
    removedRules,
    quiet,
    maintenance,
    unowned: () => unowned(nc, tenant, specs, removedRules),
  }
}

function projectionOf(
  spec: ProjectionSpec,
  options: TenantOptions,
  deadLetters: DeadLetters,
  quiet: Quiet,
): AnyProjection {
  const { nc, tenant, declarations, database, partition, log } = options
  const target = { nc, tenant, partition, log, isOthers: keysOfOthers(spec, declarations.projections) }
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
      return new NotifyProjection({ nc, tenant, spec, partition, quiet, guard: options.guard, deadLetters, log })
    case 'history':
      return new HistoryProjection({
        spec,
        table: new HistoryTable(needed(database), tenant),
        partition,
        deadLetters,
        log,
      })
  }
}

/** An event that declares no silence must not take the place of one that does. */
function checkSilence(record: EventRecord): void {
  silenceOf(record.subject, record.event, record.storedAtMs)
}

/** Which keys of its bucket another projection may write as well. */
function keysOfOthers(spec: ProjectionSpec, specs: readonly ProjectionSpec[]): (key: string) => boolean {
  const filters = specs.flatMap((other) => {
    if (other === spec || !('bucket' in spec && 'bucket' in other) || other.bucket !== spec.bucket) return []
    return other.from.map((filter) => other.key.keysOf(filter))
  })
  return filters.length === 0 ? () => false : compileFilters(filters)
}

function positionsOf(spec: ProjectionSpec, { database, tenant }: TenantOptions, others: PositionStore): PositionStore {
  return spec.kind === 'history' ? new HistoryPositions(needed(database), tenant) : others
}

function needed(database: Database | undefined): Database {
  if (database !== undefined) return database
  throw new Error(
    'DATABASE_URL is needed, as a history is declared; or declare projections without one in WEIR_PROJECTIONS.',
  )
}

/** Starts what runs for one tenant. */
export function startProjections(projections: TenantProjections, { index }: Partition): void {
  const { runs, removedRules, quiet, maintenance } = projections
  quiet.start()
  for (const { run } of runs) void run.start()
  // One replica is enough for it.
  if (index !== 0) return
  removedRules.start()
  maintenance.start()
}

export async function drainProjections({ runs, removedRules, quiet, maintenance }: TenantProjections): Promise<void> {
  removedRules.close()
  maintenance.close()
  await Promise.all([quiet.close(), ...runs.map(({ run }) => run.drain())])
}
