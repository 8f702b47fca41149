import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger, StreamState } from '@weir/mesh'
import type { Partition } from '../event/partition.ts'
import { noPosition, type Position, type PositionStore, resumeFrom, type ShardPosition } from '../log/position.ts'
import type { LogMessage, LogStart } from '../log/source-log.ts'
import type { Projection } from './projection.ts'

export interface ProgressOptions {
  readonly tenant: string
  readonly name: string
  readonly projection: Projection
  readonly positions: PositionStore
  readonly partition: Partition
  /** Names what the projection makes of the events. */
  readonly declaration: string
  readonly log: Logger
}

/** How far a run has come, and how much of that is stored where it outlives the process. */
export class Progress {
  readonly #options: ProgressOptions
  #stored: Position = noPosition
  #taken: Position = noPosition
  /** How often it has begun, from the stored position or from before the first event. */
  #beginnings = 0
  /** What was taken last of each of several streams. */
  #shards: ShardPosition[] = []

  constructor(options: ProgressOptions) {
    this.#options = options
  }

  /** Up to where the effects are stored. */
  get stored(): Position {
    return this.#stored
  }

  /** The event that was taken last. */
  get taken(): Position {
    return this.#taken
  }

  /**
   * Goes on from the stored position, if there is one for these incarnations of source and target.
   * False when there is one that was reached by another declaration alone: what is stored is not
   * what this one makes.
   */
  async resume({ epoch }: StreamState, targetEpoch: number): Promise<boolean> {
    const { name, positions, partition, declaration } = this.#options
    const stored = await positions.load(name)
    const own = stored.filter(({ position }) => [undefined, declaration].includes(position.declaration))
    const position = resumeFrom(own, partition, epoch, targetEpoch)
    this.#begin(position.storedAtMs === 0 ? { ...noPosition, epoch, targetEpoch } : position)
    return position.seq > 0 || resumeFrom(stored, partition, epoch, targetEpoch).seq === 0
  }

  /** Forgets what is stored, and goes on from before the first event. */
  async restart({ epoch }: StreamState, targetEpoch: number): Promise<void> {
    const { name, positions, partition } = this.#options
    await positions.clear(name, partition)
    this.#begin({ ...noPosition, epoch, targetEpoch })
  }

  /**
   * Stores that the projection begins after a sequence, so that a restart before its first event is
   * dealt with begins there too. Throws when that cannot be stored.
   */
  async beginAfter({ seq, shards }: LogStart, nowMs: number): Promise<void> {
    const { name, positions, partition, declaration } = this.#options
    const at = { seq: seq - 1, storedAtMs: nowMs }
    const begun = shards?.map((first, index) => ({ epoch: this.#shards[index]?.epoch ?? 0, seq: first - 1, place: 0 }))
    const position = { ...this.#stored, ...at, ...(begun && { shards: begun }) }
    await positions.save(name, partition, { ...position, declaration })
    this.#begin(position)
  }

  /** What is read lies in several streams: it goes on from its position in each. */
  reads(beginnings: readonly ShardPosition[]): void {
    this.#shards = beginnings.map((beginning, index) => this.#stored.shards?.[index] ?? beginning)
  }

  took({ seq, storedAtMs, shard }: LogMessage): void {
    if (seq > this.#taken.seq) this.#taken = { ...this.#taken, seq, storedAtMs }
    if (shard !== undefined) this.#shards[shard.index] = { epoch: shard.epoch, seq: shard.seq, place: seq }
  }

  /**
   * Stores the position of what was taken when the call began, unless it takes longer than the
   * deadline.
   */
  async store(deadlineMs?: number): Promise<void> {
    const { tenant, name, projection, positions, partition, log } = this.#options
    const beginnings = this.#beginnings
    const taken = this.#takenNow()
    if (taken.seq <= this.#stored.seq) return
    const flushed = projection.effects.flushed().then(() => true)
    const done = deadlineMs === undefined ? flushed : Promise.race([flushed, sleep(deadlineMs, false, { ref: false })])
    // What began meanwhile has a position of its own: a rebuild reads past this one before any of
    // its effects are stored.
    if (!(await done) || beginnings !== this.#beginnings) return
    try {
      await positions.save(name, partition, { ...taken, declaration: this.#options.declaration })
      this.#stored = taken
    } catch (thrown) {
      log.warn({ err: thrown, projection: `${tenant}/${name}` }, 'a position was not stored; it will be tried again')
    }
  }

  #begin(position: Position): void {
    this.#beginnings++
    this.#stored = position
    this.#taken = position
    this.#shards = position.shards?.slice() ?? []
  }

  #takenNow(): Position {
    if (this.#shards.length === 0) return this.#taken
    return { ...this.#taken, shards: this.#shards.slice() }
  }
}
