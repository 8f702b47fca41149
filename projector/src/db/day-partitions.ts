import type { Database } from './database.ts'

/**
 * The partitions of weir.events, or of weir.coarse, one a day of stored time in UTC:
 * `events_20260131`.
 */
export class DayPartitions {
  readonly #database: Database
  readonly #table: 'events' | 'coarse'
  readonly #known = new Set<number>()

  constructor(database: Database, table: 'events' | 'coarse' = 'events') {
    this.#database = database
    this.#table = table
  }

  /** Makes sure that each of these times has a partition. */
  async cover(timesMs: Iterable<number>): Promise<void> {
    const missing = new Set<number>()
    for (const time of timesMs) {
      const day = Math.floor(time / DAY_MS)
      if (!this.#known.has(day)) missing.add(day)
    }
    for (const day of [...missing].sort((a, b) => a - b)) {
      const name = this.#nameOf(day)
      const text = `create table if not exists weir.${name} partition of weir.${this.#table}
           for values from ('${dayText(day)}') to ('${dayText(day + 1)}')`
      await this.#database.write((sql) => sql.unsafe(text))
      this.#known.add(day)
    }
  }

  /**
   * Makes today's partition and those of the next days, so that no insert waits for one at
   * midnight.
   */
  async ahead(nowMs: number): Promise<void> {
    await this.cover([nowMs, nowMs + DAY_MS, nowMs + 2 * DAY_MS])
  }

  /** Drops the partitions that end before a time; resolves with their names. */
  async dropBefore(timeMs: number): Promise<readonly string[]> {
    const oldest = Math.floor(timeMs / DAY_MS)
    const gone = (await this.list()).filter(({ day }) => day < oldest)
    for (const { day } of gone) await this.drop(day)
    return gone.map(({ name }) => name)
  }

  /** Those that there are, the oldest first, with what they take on the disk. */
  async list(): Promise<readonly DayPartition[]> {
    const rows = await this.#database.write(
      (sql) => sql<{ name: string; bytes: number }[]>`
      select child.relname as name, pg_total_relation_size(child.oid)::float8 as bytes from pg_inherits
      join pg_class child on child.oid = inhrelid
      where inhparent = ${`weir.${this.#table}`}::regclass and child.relname ~ ${`^${this.#table}_[0-9]{8}$`}
      order by 1`,
    )
    return rows.map(({ name, bytes }) => ({ name, bytes, day: dayOf(name) }))
  }

  async drop(day: number): Promise<void> {
    const name = this.#nameOf(day)
    await this.#database.write((sql) => sql.unsafe(`drop table if exists weir.${name}`))
    this.#known.delete(day)
  }

  /** Forgets what is there: the database is another one. */
  reset(): void {
    this.#known.clear()
  }

  #nameOf(day: number): string {
    return `${this.#table}_${dayText(day).slice(0, 10).replaceAll('-', '')}`
  }
}

export interface DayPartition {
  readonly name: string
  /** Days since 1970. */
  readonly day: number
  readonly bytes: number
}

export const DAY_MS = 86_400_000

/** The begin of a day, as Postgres reads it. */
export function dayText(day: number): string {
  return new Date(day * DAY_MS).toISOString()
}

function dayOf(name: string): number {
  const [, year, month, date] = /_(\d{4})(\d\d)(\d\d)$/.exec(name) ?? []
  return Date.UTC(Number(year), Number(month) - 1, Number(date)) / DAY_MS
}
