import { limits } from '../limits.ts'
import type { Database } from './database.ts'
import { DAY_MS, type DayPartition, DayPartitions, dayText } from './day-partitions.ts'
import { allMetrics, isDouble } from './metric-values.ts'

/**
 * What is kept of days that are dropped: the numbers of each minute of event time. A day is copied
 * part by part, so that no statement takes long, and a part that was copied already, as before a
 * crash, stays as it is.
 */
export class CoarseCopy {
  readonly #database: Database
  readonly #partitions: DayPartitions

  constructor(database: Database) {
    this.#database = database
    this.#partitions = new DayPartitions(database, 'coarse')
  }

  /** Copies a day to which nothing is added any more. */
  async take({ name, day }: DayPartition): Promise<void> {
    const { write } = this.#database
    const [{ known } = { known: false }] = await write(
      (sql) => sql<{ known: boolean }[]>`
      select exists (select from weir.coarse_days where day = ${dayText(day)}::timestamptz) as known`,
    )
    // Rows that a rebuild has added are in the copy.
    if (known) return
    await this.#partitions.cover([day * DAY_MS])
    let last: LastRow | undefined = { tenant: '', epoch: '0', seq: '0' }
    for (let part = 0; last !== undefined; part++) {
      const { tenant, epoch, seq }: LastRow = last
      const values = [tenant, epoch, seq, limits.coarsePartRows, dayText(day), part]
      const rows: LastRow[] = await write((sql) => sql.unsafe<LastRow[]>(copyText(name), values))
      last = rows[0]
    }
    await write((sql) => sql`insert into weir.coarse_days values (${dayText(day)}::timestamptz) on conflict do nothing`)
  }

  async dropBefore(timeMs: number): Promise<readonly string[]> {
    return await this.#partitions.dropBefore(timeMs)
  }
}

interface LastRow {
  readonly tenant: string
  readonly epoch: string
  readonly seq: string
}

/**
 * Copies rows by the primary key, behind the last one of the part before; gives the last of these.
 */
function copyText(partition: string): string {
  return `
    with part as materialized (
      select tenant, epoch, seq, subject, time, body from weir.${partition}
      where (tenant, epoch, seq) > ($1::text, $2::bigint, $3::bigint)
      order by tenant, epoch, seq limit $4::int
    ), copied as (
      insert into weir.coarse
        (tenant, subject, metric, at, day, part, count, min, max, sum, last, last_time, epoch, seq, unit)
      select tenant, subject, metric.key, date_bin('1 minute', time, 'epoch'), $5::timestamptz, $6::int, count(*),
        min(metric.value::float8), max(metric.value::float8), sum(metric.value::float8),
        (array_agg(metric.value::float8 order by time desc, epoch desc, seq desc))[1], max(time),
        (array_agg(epoch order by time desc, epoch desc, seq desc))[1],
        (array_agg(seq order by time desc, epoch desc, seq desc))[1], max(metric.unit)
      from part cross join ${allMetrics}
      where ${isDouble}
      group by 1, 2, 3, 4
      on conflict do nothing
    )
    select tenant, epoch::text, seq::text from part order by tenant desc, part.epoch desc, part.seq desc limit 1`
}
