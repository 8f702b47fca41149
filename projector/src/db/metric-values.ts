import type postgres from 'postgres'
import type { Sql } from './database.ts'

/**
 * Every number of a row's `body` as `metric (key, value, unit)`: the metrics of a reading by their
 * names, and the numbers at the top of JSON data as `data.<name>`.
 */
export const allMetrics = `lateral (
    select key, value, body #>> array['reading', 'units', key] as unit
    from jsonb_each(case when jsonb_typeof(body #> '{reading,metrics}') = 'object'
      then body #> '{reading,metrics}' else '{}' end)
    union all
    select 'data.' || key, value, null
    from jsonb_each(case when jsonb_typeof(body -> 'data') = 'object' then body -> 'data' else '{}' end)
  ) as metric`

/**
 * Whether a value is a number that a double holds. Postgres has an error for what is too large or
 * too small, and JSON may have it.
 */
export const isDouble = `case when jsonb_typeof(metric.value) = 'number'
    then metric.value::numeric = 0 or abs(metric.value::numeric) between 1e-300 and 1e308
    else false end`

/**
 * The same of the metrics with these names; `data.<path>` is what stands at the path of JSON data,
 * at any depth. Without names all of them.
 */
export function metricsNamed(sql: Sql, names: readonly string[]): postgres.PendingQuery<postgres.Row[]> {
  if (names.length === 0) return sql`${sql.unsafe(allMetrics)}`
  return sql`lateral (
    select name as key, body #> array['reading', 'metrics', name] as value,
      body #>> array['reading', 'units', name] as unit
    from unnest(string_to_array(${names.join('\n')}, e'\n')) as name
    union all
    select name, body #> string_to_array(name, '.'), null
    from unnest(string_to_array(${names.join('\n')}, e'\n')) as name
    where name like 'data.%'
  ) as metric`
}
