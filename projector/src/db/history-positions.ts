import type { Partition } from '../event/partition.ts'
import type { PartitionPosition, Position, PositionStore, ShardPosition } from '../log/position.ts'
import type { Database } from './database.ts'

/**
 * Positions beside the rows they are about: a database that is restored from a backup continues
 * from there.
 */
export class HistoryPositions implements PositionStore {
  readonly #database: Database
  readonly #tenant: string

  constructor(database: Database, tenant: string) {
    this.#database = database
    this.#tenant = tenant
  }

  async load(projection: string): Promise<readonly PartitionPosition[]> {
    const rows = await this.#database.read(
      (sql) => sql<PositionRow[]>`
      select partition_index, partition_count, epoch::float8, seq::float8, extract(epoch from stored_at)::float8 as stored_at,
        declaration, shards
      from weir.positions where tenant = ${this.#tenant} and projection = ${projection}`,
    )
    return rows.map((row) => ({
      partition: { index: row.partition_index, count: row.partition_count },
      position: {
        epoch: row.epoch,
        seq: row.seq,
        storedAtMs: row.stored_at * 1000,
        targetEpoch: 0,
        ...(row.declaration === '' ? {} : { declaration: row.declaration }),
        ...(row.shards === null ? {} : { shards: JSON.parse(row.shards) as readonly ShardPosition[] }),
      },
    }))
  }

  async save(projection: string, { index, count }: Partition, position: Position): Promise<void> {
    const { epoch, seq, storedAtMs, declaration = '', shards } = position
    const places = shards === undefined ? null : JSON.stringify(shards)
    await this.#database.write(
      (sql) => sql`
      insert into weir.positions as p
      values (${this.#tenant}, ${projection}, ${index}, ${count}, ${epoch}, ${seq}, to_timestamp(${storedAtMs / 1000}),
        ${declaration}, ${places})
      on conflict (tenant, projection, partition_index, partition_count) do update
      set epoch = excluded.epoch, seq = excluded.seq, stored_at = excluded.stored_at, declaration = excluded.declaration,
        shards = excluded.shards
      where (p.epoch, p.seq) < (excluded.epoch, excluded.seq)`,
    )
  }

  async clear(projection: string, { index, count }: Partition): Promise<void> {
    await this.#database.write(
      (sql) => sql`
      delete from weir.positions where tenant = ${this.#tenant} and projection = ${projection}
      and (partition_count <> ${count} or partition_index = ${index})`,
    )
  }
}

interface PositionRow {
  readonly partition_index: number
  readonly partition_count: number
  readonly epoch: number
  readonly seq: number
  /** Seconds. */
  readonly stored_at: number
  /** Empty while it is not known. */
  readonly declaration: string
  readonly shards: string | null
}
