import type { Partition } from '../src/event/partition.ts'
import { isCleared, type PartitionPosition, type Position, type PositionStore } from '../src/log/position.ts'

/** The positions of one projection, in memory. */
export class KeptPositions implements PositionStore {
  all: readonly PartitionPosition[] = []

  load(): Promise<readonly PartitionPosition[]> {
    return Promise.resolve(this.all)
  }

  async save(_projection: string, partition: Partition, position: Position): Promise<void> {
    this.all = [...this.all.filter((each) => !isCleared(each.partition, partition)), { partition, position }]
  }

  async clear(_projection: string, cleared: Partition): Promise<void> {
    this.all = this.all.filter(({ partition }) => !isCleared(partition, cleared))
  }
}
