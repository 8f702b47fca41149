import type { Partition } from '../event/partition.ts'

/**
 * How far a projection has come: the effects of every event of its share up to `seq` are stored.
 */
export interface Position {
  /** Incarnation of the source's stream. */
  readonly epoch: number
  readonly seq: number
  /**
   * When the event at `seq` was stored; for a projection that began at the end of its stream, when
   * it did. 0 while nothing is known: then nothing was read.
   */
  readonly storedAtMs: number
  /** Incarnation of what it fills. */
  readonly targetEpoch: number
  /** By which declaration the effects were made; absent in what an older version stored. */
  readonly declaration?: string
  /** Of a source of several streams: how far it has come in each, in their order. */
  readonly shards?: readonly ShardPosition[]
}

/** How far a projection has come in one of several streams. */
export interface ShardPosition {
  /** Incarnation of the stream. */
  readonly epoch: number
  readonly seq: number
  /** The place of that event among those of all streams. */
  readonly place: number
}

/** Keeps positions where they outlive the process, next to what they are about. */
export interface PositionStore {
  /** The positions of one projection by its partitions. */
  load(projection: string): Promise<readonly PartitionPosition[]>
  save(projection: string, partition: Partition, position: Position): Promise<void>
  /**
   * Forgets the position of a partition, and those of other numbers of partitions, from which it
   * could continue.
   */
  clear(projection: string, partition: Partition): Promise<void>
}

export interface PartitionPosition {
  readonly partition: Partition
  readonly position: Position
}

/** Whether a stored position is one that `clear` forgets. */
export function isCleared(stored: Partition, cleared: Partition): boolean {
  return stored.count !== cleared.count || stored.index === cleared.index
}

/** Before the first event. */
export const noPosition: Position = { epoch: 0, seq: 0, storedAtMs: 0, targetEpoch: 0 }

/**
 * From where a partition has to continue, in this incarnation of source and target: its own
 * position, or what a complete set of another number of partitions has reached together, whichever
 * is further. A set of which one partition never stored a position has reached nothing, as that
 * one's keys were never looked at.
 */
export function resumeFrom(
  stored: readonly PartitionPosition[],
  partition: Partition,
  epoch: number,
  targetEpoch: number,
): Position {
  const valid = stored.filter(({ position }) => position.epoch === epoch && position.targetEpoch === targetEpoch)
  const own = valid.find(({ partition: { index, count } }) => index === partition.index && count === partition.count)
  return furthest([own?.position ?? noPosition, ...completeSets(valid)])
}

/** Up to where all partitions of some complete set have come: what can be promised of the whole. */
export function reachedBy(stored: readonly PartitionPosition[], epoch: number): Position {
  return furthest(completeSets(stored.filter(({ position }) => position.epoch === epoch)))
}

function completeSets(stored: readonly PartitionPosition[]): Position[] {
  const byCount = new Map<number, Position[]>()
  for (const { partition, position } of stored) {
    const set = byCount.get(partition.count)
    if (set === undefined) byCount.set(partition.count, [position])
    else set.push(position)
  }
  const reached: Position[] = []
  for (const [count, set] of byCount) {
    if (set.length === count) reached.push(set.reduce((least, next) => (next.seq < least.seq ? next : least)))
  }
  return reached
}

function furthest(positions: readonly Position[]): Position {
  return positions.reduce((most, next) => (isFurther(next, most) ? next : most), noPosition)
}

function isFurther(one: Position, other: Position): boolean {
  return one.seq > other.seq || (one.seq === other.seq && one.storedAtMs > other.storedAtMs)
}
