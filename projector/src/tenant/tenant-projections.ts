import type { Health, Logger, NatsConnection, Traces } from '@weir/mesh'
import { BucketPositions } from '../bucket/bucket-positions.ts'
import type { Database } from '../db/database.ts'
import type { Declarations } from '../declaration/file/schema.ts'
import { type Partition, wholePartition } from '../event/partition.ts'
import type { AddressGuard } from '../kinds/notify/address-guard.ts'
import { DeadLetters } from '../run/dead-letters.ts'
import { Inhibitions } from '../silence/inhibitions.ts'
import { Maintenance } from '../silence/maintenance.ts'
import { Quiet } from '../silence/quiet.ts'
import { SilenceBook } from '../silence/silence-book.ts'
import { RemovedRules } from './removed-rules.ts'
import { identityOf, type ProjectionParts, type RunningProjection, runningProjection } from './running-projection.ts'
import { type StoredStream, storedStreams } from './stored-streams.ts'
import { type Unowned, unowned } from './unowned.ts'

export interface TenantOptions {
  readonly nc: NatsConnection
  readonly tenant: string
  readonly declarations: Declarations
  /** Needed when a history is declared. */
  readonly database: Database | undefined
  /** The share of the keys that is worked on; undefined while it is nobody's word yet. */
  readonly partition: Partition | undefined
  /** Where notifications may go. */
  readonly guard: AddressGuard
  readonly health: Health
  readonly log: Logger
  readonly traces?: Pick<Traces, 'begin'> | undefined
}

/** What changed of the projections of a tenant. */
export interface AppliedChange {
  readonly added: readonly string[]
  /** Made anew, as they are declared in another way. */
  readonly changed: readonly string[]
  readonly removed: readonly string[]
}

/** What runs for one tenant. */
export class TenantProjections {
  readonly tenant: string
  readonly deadLetters: DeadLetters
  readonly quiet: Quiet
  readonly #options: TenantOptions
  #parts: ProjectionParts
  #partition: Partition | undefined
  #declarations: Declarations
  #runs: readonly RunningProjection[]
  #removedRules: RemovedRules
  #maintenance: Maintenance
  #changing: Promise<unknown> = Promise.resolve()
  #closed = false

  /** None of them runs yet. */
  constructor(options: TenantOptions) {
    const { nc, tenant, declarations, log, partition } = options
    this.tenant = tenant
    this.#options = options
    this.#partition = partition
    this.#declarations = declarations
    this.deadLetters = new DeadLetters(nc, tenant, log)
    this.quiet = new Quiet(new SilenceBook({ nc, tenant, log }), this.#inhibitionsOf(declarations))
    const bucketPositions = new BucketPositions(nc, tenant)
    const share = partition ?? wholePartition
    this.#parts = { ...options, partition: share, deadLetters: this.deadLetters, bucketPositions, quiet: this.quiet }
    this.#runs = partition === undefined ? [] : this.#made()
    this.#removedRules = this.#removedRulesOf(declarations)
    this.#maintenance = this.#maintenanceOf(declarations)
  }

  get runs(): readonly RunningProjection[] {
    return this.#runs
  }

  /** What is stored and belongs to none of them. */
  unowned(): Promise<Unowned> {
    const { nc, tenant } = this.#options
    return unowned(nc, tenant, this.#declarations.projections, this.#removedRules)
  }

  /** How much is stored in NATS, and what bounds it. */
  streams(): Promise<readonly StoredStream[]> {
    return storedStreams(this.#options.nc, this.tenant)
  }

  start(): void {
    this.quiet.start()
    if (this.#partition === undefined) return
    for (const { run } of this.#runs) void run.start()
    this.#startWatches()
  }

  /**
   * Works on another share of the keys, or on none. Resolves when what was done of the share before
   * is stored, as far as it can be: whoever takes it over goes on from there.
   */
  assign(partition: Partition | undefined): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#closed) return
      this.#closeWatches()
      if (this.#partition !== undefined) await Promise.all(this.#runs.map(({ run }) => run.drain()))
      this.#partition = partition
      if (partition === undefined || this.#closed) return
      this.#parts = { ...this.#parts, partition }
      this.#runs = this.#made()
      for (const { run } of this.#runs) void run.start()
      this.#removedRules = this.#removedRulesOf(this.#declarations)
      this.#maintenance = this.#maintenanceOf(this.#declarations)
      this.#startWatches()
    })
  }

  /**
   * Goes over to other declarations: what is declared as before goes on untouched, the rest ends
   * and begins as at a start.
   */
  apply(declarations: Declarations): Promise<AppliedChange> {
    return this.#inTurn(() => this.#apply(declarations))
  }

  async #apply(declarations: Declarations): Promise<AppliedChange> {
    const before = new Map(this.#runs.map((running) => [running.spec.name, running]))
    const kept = new Map(
      declarations.projections.flatMap((spec) => {
        const running = before.get(spec.name)
        return running?.identity === identityOf(spec, declarations) ? [[spec.name, running] as const] : []
      }),
    )
    const ending = this.#runs.filter(({ spec }) => !kept.has(spec.name))
    const names = new Set(declarations.projections.map(({ name }) => name))
    if (JSON.stringify(declarations.inhibitions) !== JSON.stringify(this.#declarations.inhibitions)) {
      await this.quiet.inhibitBy(this.#inhibitionsOf(declarations))
    }
    if (this.#partition !== undefined) await Promise.all(ending.map(({ run }) => run.drain()))
    if (!this.#closed) {
      this.#declarations = declarations
      // Without a share nothing runs, and what is made with the next one is made of these.
      if (this.#partition !== undefined) {
        this.#runs = declarations.projections.map((spec) => {
          return kept.get(spec.name) ?? runningProjection(spec, declarations, this.#parts)
        })
        for (const { spec, run } of this.#runs) if (!kept.has(spec.name)) void run.start()
      }
      this.#closeWatches()
      this.#removedRules = this.#removedRulesOf(declarations)
      this.#maintenance = this.#maintenanceOf(declarations)
      this.#startWatches()
    }
    return {
      added: [...names].filter((name) => !before.has(name)),
      changed: ending.map(({ spec }) => spec.name).filter((name) => names.has(name)),
      removed: [...before.keys()].filter((name) => !names.has(name)),
    }
  }

  async drain(): Promise<void> {
    this.#closed = true
    this.#closeWatches()
    await this.#changing
    const runs = this.#partition === undefined ? [] : this.#runs
    await Promise.all([this.quiet.close(), ...runs.map(({ run }) => run.drain())])
  }

  #made(): readonly RunningProjection[] {
    return this.#declarations.projections.map((spec) => runningProjection(spec, this.#declarations, this.#parts))
  }

  /** One change at a time: each ends what runs, and begins it in another way. */
  #inTurn<Result>(change: () => Promise<Result>): Promise<Result> {
    const turn = this.#changing.then(change)
    this.#changing = turn.catch(() => undefined)
    return turn
  }

  /** One replica is enough for them. */
  #startWatches(): void {
    if (this.#partition?.index !== 0) return
    this.#removedRules.start()
    this.#maintenance.start()
  }

  #closeWatches(): void {
    this.#removedRules.close()
    this.#maintenance.close()
  }

  #inhibitionsOf({ inhibitions: specs }: Declarations): Inhibitions {
    const { nc, tenant, log } = this.#options
    return new Inhibitions({ nc, tenant, specs, log })
  }

  #removedRulesOf({ projections }: Declarations): RemovedRules {
    const { nc, tenant, log } = this.#options
    const rules = projections.filter(({ kind }) => kind === 'alert').map(({ name }) => name)
    return new RemovedRules({ nc, tenant, rules, shares: this.#parts.partition.count, log })
  }

  #maintenanceOf({ maintenance: specs }: Declarations): Maintenance {
    const { nc, tenant, log } = this.#options
    return new Maintenance({ nc, tenant, specs, silences: this.quiet.silences, log })
  }
}
