import type postgres from 'postgres'
import type { Sql } from './database.ts'

/**
 * A condition on the column `subject` that holds for the subjects which some of the filters match.
 */
export function subjectsMatch(sql: Sql, filters: readonly string[]): postgres.PendingQuery<postgres.Row[]> {
  if (filters.includes('>')) return sql`true`
  return filters.map((filter) => subjectMatches(sql, filter)).reduce((left, right) => sql`(${left} or ${right})`)
}

function subjectMatches(sql: Sql, filter: string): postgres.PendingQuery<postgres.Row[]> {
  const wildcard = filter.search(/[*>]/)
  if (wildcard < 0) return sql`subject = ${filter}`
  const prefix = filter.slice(0, wildcard)
  // The column sorts by bytes, so a prefix is a range of the index: "/" is the byte after ".".
  const range = prefix === '' ? sql`true` : sql`(subject >= ${prefix} and subject < ${`${prefix.slice(0, -1)}/`})`
  if (!filter.includes('*')) return range
  return sql`(${range} and subject ~ ${pattern(filter)})`
}

/**
 * A regular expression of Postgres for a filter; no character of a subject has a meaning in it but
 * the dot.
 */
function pattern(filter: string): string {
  const tokens = filter.split('.').map((token) => (token === '*' ? '[^.]+' : token === '>' ? '.+' : token))
  return `^${tokens.join('\\.')}$`
}
