import type { Identity } from '@weir/mesh'
import { grantsText, maySubscribe, type Parameter } from '@weir/mesh'
import { canonicalFilters, checkFilter, type JsonSchema, parseDuration, parseTimestamp, WeirError } from '@weir/proto'
import { limits } from '../limits.ts'

export const filterParameter: Parameter = {
  name: 'filter',
  in: 'query',
  description: 'Which subjects, repeated or comma-separated; all that the token grants when absent.',
  schema: { type: 'array', items: { type: 'string' }, maxItems: limits.requestFiltersMax, examples: [['rooms.*.air']] },
}

/**
 * The filters of a request (`filter` repeated, or comma-separated), canonical, each within what the
 * token grants; without any the token's own, so that everybody sees what is theirs. Throws
 * `malformed` or `forbidden`.
 */
export function grantedFilters(url: URL, identity: Identity): readonly string[] {
  const asked = url.searchParams.getAll('filter').flatMap((value) => value.split(','))
  if (asked.length > limits.requestFiltersMax) {
    throw new WeirError('malformed', `At most ${limits.requestFiltersMax} filters are allowed.`)
  }
  for (const filter of asked) checkFilter(filter)
  if (!maySubscribe(identity, asked)) {
    throw new WeirError('forbidden', `The token does not grant these filters: ${grantsText(identity.subscribe)}.`)
  }
  const filters = canonicalFilters(asked.length === 0 ? identity.subscribe : asked)
  if (filters.length === 0) throw new WeirError('forbidden', 'The token grants no subscription at all.')
  return filters
}

export const limitParameter: Parameter = {
  name: 'limit',
  in: 'query',
  schema: { type: 'integer', minimum: 1, maximum: limits.pageItemsMax, default: limits.pageItems },
}

/** How many items are wanted. */
export function limitOf(url: URL): number {
  const text = url.searchParams.get('limit')
  if (text === null) return limits.pageItems
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (limit < 1 || limit > limits.pageItemsMax) {
    throw new WeirError('malformed', `limit: a number from 1 to ${limits.pageItemsMax} is expected.`)
  }
  return limit
}

export const afterParameter: Parameter = {
  name: 'after',
  in: 'query',
  description: '`next` of the page before.',
  schema: { type: 'string' },
}

const time: JsonSchema = { type: 'string', examples: ['2026-01-31T12:00:00Z', '1769860800000'] }

export const fromParameter: Parameter = {
  name: 'from',
  in: 'query',
  description: 'RFC 3339, or milliseconds since 1970; inclusive.',
  schema: time,
}

export const toParameter: Parameter = {
  name: 'to',
  in: 'query',
  description: 'RFC 3339, or milliseconds since 1970; exclusive.',
  schema: time,
}

/** A time in RFC 3339 or in milliseconds since 1970; undefined when the parameter is absent. */
export function timeOf(url: URL, { name }: Parameter): number | undefined {
  const text = url.searchParams.get(name)
  if (text === null) return undefined
  if (/^\d{1,15}$/.test(text)) return Number(text)
  const time = parseTimestamp(text)
  if (time === undefined) {
    throw new WeirError(
      'malformed',
      `${name}: a time is written as 2026-01-31T12:00:00Z, or in milliseconds since 1970.`,
    )
  }
  return Number(time.seconds) * 1000 + Math.floor(time.nanos / 1_000_000)
}

export const stepParameter: Parameter = {
  name: 'step',
  in: 'query',
  description:
    'Width of a step, a number of seconds or a duration; needs `from`. Steps are aligned to 1970 in UTC, or by `tz`.',
  schema: { type: 'string', examples: ['10', '5m'] },
}

/**
 * The step of a series: a number of seconds, or a duration such as `10s` or `5m`; undefined when
 * the parameter is absent.
 */
export function stepOf(url: URL): number | undefined {
  const text = url.searchParams.get('step')
  if (text === null) return undefined
  const ms = /^\d{1,8}(\.\d{1,3})?$/.test(text) ? Number(text) * 1000 : parseDuration(text)
  if (ms === undefined || ms < limits.stepMsMin || ms > limits.durationMaxMs) {
    throw new WeirError(
      'malformed',
      'step: a number of seconds, or a duration such as 10s or 5m, of at least 0.1 s is expected.',
    )
  }
  return ms
}

const orders = ['asc', 'desc'] as const

export const orderParameter: Parameter = {
  name: 'order',
  in: 'query',
  description: 'By event time, the oldest first or the newest.',
  schema: { type: 'string', enum: orders, default: 'asc' },
}

/** In which order; the oldest first unless asked otherwise. */
export function orderOf(url: URL): (typeof orders)[number] {
  const asked = url.searchParams.get('order') ?? 'asc'
  const order = orders.find((known) => known === asked)
  if (order !== undefined) return order
  throw new WeirError('malformed', 'order: asc, the oldest first, or desc, the newest first, is expected.')
}

export const timeZoneParameter: Parameter = {
  name: 'tz',
  in: 'query',
  description:
    'With `step`, a time zone of the IANA database: steps of whole days are local days, through summer time, and shorter ones count from local midnight.',
  schema: { type: 'string', examples: ['Europe/Berlin'] },
}

/** A name of the IANA time zone database; undefined when the parameter is absent. */
export function timeZoneOf(url: URL): string | undefined {
  const name = url.searchParams.get('tz')
  if (name === null) return undefined
  try {
    // An offset such as +02:00 is no zone: it has no summer time, and Postgres reads its sign the
    // other way round.
    if (/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(name))
      return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone
  } catch {
    // As below.
  }
  throw new WeirError('malformed', 'tz: the name of a time zone is expected, such as Europe/Berlin or UTC.')
}

export const metricParameter: Parameter = {
  name: 'metric',
  in: 'query',
  description:
    'With `step`, which metrics, and `data.<path>` for numbers in JSON data; repeated or comma-separated. All metrics of readings, and numbers at the top of JSON data, when absent.',
  schema: { type: 'array', items: { type: 'string' }, maxItems: limits.requestMetricsMax },
}

/** The metrics of a series (`metric` repeated, or comma-separated). */
export function metricsOf(url: URL): readonly string[] {
  const metrics = url.searchParams.getAll('metric').flatMap((value) => value.split(','))
  if (metrics.length > limits.requestMetricsMax) {
    throw new WeirError('malformed', `metric: at most ${limits.requestMetricsMax} names are allowed.`)
  }
  return metrics
}
