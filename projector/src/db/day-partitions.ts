import type { Database } from './database.ts'

/** The partitions of weir.events, one a day of stored time in UTC, `events_20260131`. */
export class DayPartitions {
  readonly #database: Database
  readonly #known = new Set<number>()

  constructor(database: Database) {
    this.#database = database
  }

  /** Makes sure that each of these times has a partition. */
  async cover(timesMs: Iterable<number>): Promise<void> {
    const missing = new Set<number>()
    for (const time of timesMs) {
      const day = Math.floor(time / DAY_MS)
      if (!this.#known.has(day)) missing.add(day)
    }
    for (const day of [...missing].sort((a, b) => a - b)) {
      const name = partitionName(day)
      const text = `create table if not exists weir.${name} partition of weir.events
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
    const rows = await this.#database.write(
      (sql) => sql<{ name: string }[]>`
      select child.relname as name from pg_inherits
      join pg_class child on child.oid = inhrelid
      where inhparent = 'weir.events'::regclass and child.relname ~ '^events_[0-9]{8}$'`,
    )
    const oldest = Math.floor(timeMs / DAY_MS)
    const gone = rows.map(({ name }) => name).filter((name) => name < partitionName(oldest))
    for (const name of gone) await this.#database.write((sql) => sql.unsafe(`drop table if exists weir.${name}`))
    for (const day of this.#known) if (day < oldest) this.#known.delete(day)
    return gone
  }

  /** Forgets what is there: the database is another one. */
  reset(): void {
    this.#known.clear()
  }
}

const DAY_MS = 86_400_000

function dayText(day: number): string {
  return new Date(day * DAY_MS).toISOString()
}

function partitionName(day: number): string {
  return `events_${dayText(day).slice(0, 10).replaceAll('-', '')}`
}
