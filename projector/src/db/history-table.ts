import { CoarseCopy } from './coarse-copy.ts'
import type { Database } from './database.ts'
import { DAY_MS, DayPartitions } from './day-partitions.ts'
import { migrate } from './migrations.ts'

/** One row of weir.events as it is written. */
export interface HistoryRow {
  readonly seq: number
  readonly subject: string
  readonly timeMs: number
  readonly storedAtMs: number
  /** JSON text on one line, or null. */
  readonly body: string | null
  /** Null where the body has all of it. */
  readonly event: Uint8Array | null
}

/** For how long what is kept. */
export interface Kept {
  readonly retentionMs: number
  /** Of all days of all tenants together; Infinity without a bound. */
  readonly sizeBytes: number
  /** How long the coarser copy is kept; undefined for none. */
  readonly coarseMs: number | undefined
}

/** Writes events of one tenant to Postgres. */
export class HistoryTable {
  readonly #database: Database
  readonly #tenant: string
  readonly #partitions: DayPartitions
  readonly #coarse: CoarseCopy

  constructor(database: Database, tenant: string) {
    this.#database = database
    this.#tenant = tenant
    this.#partitions = new DayPartitions(database)
    this.#coarse = new CoarseCopy(database)
  }

  /** Brings the schema up to date and makes partitions ahead. */
  async open(): Promise<void> {
    await this.#database.write(migrate)
    this.#partitions.reset()
    await this.#partitions.ahead(Date.now())
  }

  /**
   * Stores rows of one incarnation of the events; those that are there already stay as they are.
   */
  async insert(epoch: number, rows: readonly HistoryRow[]): Promise<void> {
    await this.#partitions.cover(rows.map(({ storedAtMs }) => storedAtMs))
    // Small numbers are written for a fraction of what those of 13 digits cost.
    const baseMs = rows[0]?.storedAtMs ?? 0
    const values = [
      this.#tenant,
      epoch,
      numberArray(rows, ({ seq }) => seq),
      rows.map(({ subject }) => subject).join(','),
      numberArray(rows, ({ timeMs }) => timeMs - baseMs),
      numberArray(rows, ({ storedAtMs }) => storedAtMs - baseMs),
      rows.map(({ body }) => body ?? '').join('\n'),
      rows.map(({ event }) => (event === null ? '' : base64(event))).join(','),
      baseMs,
    ]
    await this.#database.write((sql) => sql.unsafe(insertText, values, { prepare: true }))
  }

  /** Rejects when Postgres does not answer in time. */
  async probe(): Promise<void> {
    await this.#database.write((sql) => sql`select 1`)
  }

  /**
   * Makes partitions ahead, and drops the days that are older than the retention, and the oldest
   * while all of them are larger than the size; today stays. What is to be kept coarser is copied
   * before.
   */
  async maintain({ retentionMs, sizeBytes, coarseMs }: Kept, nowMs: number): Promise<readonly string[]> {
    await this.#partitions.ahead(nowMs)
    const today = Math.floor(nowMs / DAY_MS)
    const oldest = Math.floor((nowMs - retentionMs) / DAY_MS)
    const all = await this.#partitions.list()
    let bytes = all.reduce((sum, each) => sum + each.bytes, 0)
    const dropped: string[] = []
    for (const partition of all) {
      const { day, name } = partition
      if (day >= oldest && (bytes <= sizeBytes || day >= today)) break
      if (coarseMs !== undefined) await this.#coarse.take(partition)
      await this.#partitions.drop(day)
      bytes -= partition.bytes
      dropped.push(name)
    }
    return [...dropped, ...(await this.#coarse.dropBefore(nowMs - (coarseMs ?? 0)))]
  }
}

/**
 * One statement for any number of rows: nine values are bound, not eight a row. Texts are joined by
 * what is in none of them (a line break is in no JSON text), as Postgres splits them for less than
 * it reads an array literal, and nothing is escaped here.
 */
const insertText = `
  insert into weir.events (tenant, epoch, seq, subject, time, stored_at, body, event)
  select $1::text, $2::bigint, seq, subject, to_timestamp(($9::float8 + time) / 1e3),
         to_timestamp(($9::float8 + stored_at) / 1e3), body::jsonb,
         decode(event, 'base64')
  from unnest($3::bigint[], string_to_array($4::text, ','), $5::float8[], $6::float8[],
              string_to_array($7::text, e'\\n', ''), string_to_array($8::text, ',', ''))
    as row (seq, subject, time, stored_at, body, event)
  on conflict do nothing`

function numberArray(rows: readonly HistoryRow[], of: (row: HistoryRow) => number): string {
  return `{${rows.map(of).join(',')}}`
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
