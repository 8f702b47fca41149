import { type Cursor, WeirError } from '@weir/proto'
import type postgres from 'postgres'
import { limits } from '../limits.ts'
import { type Database, databaseError, type Sql } from './database.ts'
import { isDouble, metricsNamed } from './metric-values.ts'
import { subjectsMatch } from './subject-condition.ts'

/** Which numbers are wanted, and in what steps. */
export interface SeriesRequest {
  readonly tenant: string
  /** Valid, at least one. */
  readonly filters: readonly string[]
  /**
   * Names of metrics, and `data.<path>` of numbers in JSON data; none asks for all metrics and for
   * what stands at the top of JSON data.
   */
  readonly metrics: readonly string[]
  /** Event time, from inclusive, to exclusive. */
  readonly fromMs: number
  readonly toMs: number
  readonly stepMs: number
  /** Whose days the steps are aligned to; undefined for UTC and 1970. */
  readonly timeZone: string | undefined
}

/** One metric of one subject, as columns of equal length; a step without values is left out. */
export interface Series {
  readonly subject: string
  readonly metric: string
  readonly unit?: string
  /** Begin of each step, milliseconds since 1970. */
  readonly times: number[]
  readonly count: number[]
  readonly min: number[]
  readonly max: number[]
  readonly avg: number[]
  readonly last: number[]
}

/** Thins numbers out. Throws `invalid` when the answer would be too large. */
export async function querySeries(
  database: Database,
  request: SeriesRequest,
  head: Cursor,
): Promise<readonly Series[]> {
  const { fromMs, toMs, stepMs } = request
  if ((toMs - fromMs) / stepMs > limits.seriesStepsMax) {
    throw new WeirError('invalid', `From and to are more than ${limits.seriesStepsMax} steps apart: take wider steps.`)
  }
  const rows = await database
    .read((sql) => select(sql, request, head))
    .catch((cause) => {
      throw databaseError(cause)
    })
  if (rows.length > limits.seriesPointsMax) {
    throw new WeirError(
      'invalid',
      `The answer has more than ${limits.seriesPointsMax} points: ask for less, or in wider steps.`,
    )
  }
  return collect(rows)
}

/**
 * Reads the events, and what the coarser copy has of days that were dropped. Nothing is read from
 * the events of a day that the copy has, as a rebuild may have brought some of it again.
 */
function select(sql: Sql, request: SeriesRequest, head: Cursor): Promise<SeriesRow[]> {
  const { tenant, filters, metrics, fromMs, toMs } = request
  const [from, to] = [sql`to_timestamp(${fromMs / 1000})`, sql`to_timestamp(${toMs / 1000})`]
  return sql<SeriesRow[]>`
    with point as (
      select subject, metric.key as metric, ${stepBegin(sql, request, sql`time`)} as at, 1 as count,
        metric.value::float8 as min, metric.value::float8 as max, metric.value::float8 as sum,
        metric.value::float8 as last, time as last_time, epoch, seq, metric.unit
      from weir.events cross join ${metricsNamed(sql, metrics)}
      where tenant = ${tenant} and (epoch, seq) <= (${head.epoch}, ${head.seq}) and ${subjectsMatch(sql, filters)}
        and time >= ${from} and time < ${to} and ${sql.unsafe(isDouble)}
        and stored_at >= coalesce((select max(day) + interval '1 day' from weir.coarse_days), '-infinity')
      union all
      select subject, metric, ${stepBegin(sql, request, sql`at`)}, count, min, max, sum, last, last_time, epoch, seq, unit
      from weir.coarse
      where tenant = ${tenant} and ${subjectsMatch(sql, filters)} and at >= ${from} and at < ${to}
        ${metrics.length === 0 ? sql`` : sql`and metric in ${sql(metrics as string[])}`}
    )
    select subject, metric, (extract(epoch from at) * 1000)::float8 as at, sum(count)::float8 as count,
      min(min) as min, max(max) as max, sum(sum) / sum(count) as avg,
      (array_agg(last order by last_time desc, epoch desc, seq desc))[1] as last, max(unit) as unit
    from point group by subject, metric, point.at order by subject, metric, point.at
    limit ${limits.seriesPointsMax + 1}`
}

/**
 * The begin of the step that a time falls into. In a time zone, steps of whole days are local days,
 * through summer time; shorter ones count from local midnight, so that none lies in two days.
 */
function stepBegin(
  sql: Sql,
  { stepMs, timeZone }: SeriesRequest,
  time: postgres.PendingQuery<postgres.Row[]>,
): postgres.PendingQuery<postgres.Row[]> {
  const step = sql`${`${stepMs} milliseconds`}::interval`
  if (timeZone === undefined) return sql`date_bin(${step}, ${time}, 'epoch')`
  if (stepMs % DAY_MS === 0) {
    const local = sql`(${time} at time zone ${timeZone})`
    return sql`(date_bin(${step}, ${local}, timestamp '1970-01-01') at time zone ${timeZone})`
  }
  return sql`date_bin(${step}, ${time}, date_trunc('day', ${time}, ${timeZone}))`
}

const DAY_MS = 86_400_000

interface SeriesRow {
  readonly subject: string
  readonly metric: string
  readonly unit: string | null
  readonly at: number
  readonly count: number
  readonly min: number
  readonly max: number
  readonly avg: number
  readonly last: number
}

/** The rows come by subject, metric and time. */
function collect(rows: readonly SeriesRow[]): readonly Series[] {
  const all: Series[] = []
  let series: Series | undefined
  for (const { subject, metric, unit, at, count, min, max, avg, last } of rows) {
    if (series?.subject !== subject || series.metric !== metric) {
      const columns = { times: [], count: [], min: [], max: [], avg: [], last: [] }
      series = unit === null ? { subject, metric, ...columns } : { subject, metric, unit, ...columns }
      all.push(series)
    }
    series.times.push(at)
    series.count.push(count)
    series.min.push(min)
    series.max.push(max)
    series.avg.push(avg)
    series.last.push(last)
  }
  return all
}
