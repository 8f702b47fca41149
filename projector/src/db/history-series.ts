import { type Cursor, WeirError } from '@weir/proto'
import type postgres from 'postgres'
import { limits } from '../limits.ts'
import { type Database, databaseError, type Sql } from './database.ts'
import { subjectsMatch } from './subject-condition.ts'

/** Which readings are wanted, and in what steps. */
export interface SeriesRequest {
  readonly tenant: string
  /** Valid, at least one. */
  readonly filters: readonly string[]
  /** Names of metrics; none asks for all. */
  readonly metrics: readonly string[]
  /** Event time, from inclusive, to exclusive. */
  readonly fromMs: number
  readonly toMs: number
  readonly stepMs: number
  /** Whose days the steps are aligned to; undefined for UTC and 1970. */
  readonly timeZone: string | undefined
}

/** One metric of one subject, as columns of equal length; a step without readings is left out. */
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

/** Thins readings out. Throws `invalid` when the answer would be too large. */
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

function select(sql: Sql, request: SeriesRequest, head: Cursor): Promise<SeriesRow[]> {
  const { tenant, filters, metrics, fromMs, toMs } = request
  return sql<SeriesRow[]>`
    select subject, metric.key as metric,
      (extract(epoch from ${stepBegin(sql, request)}) * 1000)::float8 as at,
      count(*)::float8 as count, min(metric.value::float8) as min, max(metric.value::float8) as max,
      avg(metric.value::float8) as avg,
      (array_agg(metric.value::float8 order by time desc, epoch desc, seq desc))[1] as last,
      max(body #>> array['reading', 'units', metric.key]) as unit
    from weir.events
    cross join lateral jsonb_each(case when jsonb_typeof(body #> '{reading,metrics}') = 'object'
      then body #> '{reading,metrics}' else '{}' end) as metric
    where tenant = ${tenant} and (epoch, seq) <= (${head.epoch}, ${head.seq}) and ${subjectsMatch(sql, filters)}
      and time >= to_timestamp(${fromMs / 1000}) and time < to_timestamp(${toMs / 1000})
      and jsonb_typeof(metric.value) = 'number'
      ${metrics.length === 0 ? sql`` : sql`and metric.key in ${sql(metrics as string[])}`}
    group by 1, 2, 3 order by 1, 2, 3
    limit ${limits.seriesPointsMax + 1}`
}

/**
 * The begin of the step that a time falls into. In a time zone, steps of whole days are local days,
 * through summer time; shorter ones count from local midnight, so that none lies in two days.
 */
function stepBegin(sql: Sql, { stepMs, timeZone }: SeriesRequest): postgres.PendingQuery<postgres.Row[]> {
  const step = sql`${`${stepMs} milliseconds`}::interval`
  if (timeZone === undefined) return sql`date_bin(${step}, time, 'epoch')`
  if (stepMs % DAY_MS === 0) {
    const local = sql`(time at time zone ${timeZone})`
    return sql`(date_bin(${step}, ${local}, timestamp '1970-01-01') at time zone ${timeZone})`
  }
  return sql`date_bin(${step}, time, date_trunc('day', time, ${timeZone}))`
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
