import type { Identity } from '@weir/mesh'
import { maySubscribe } from '@weir/mesh'
import { canonicalFilters, checkFilter, parseDuration, parseTimestamp, WeirError } from '@weir/proto'
import { limits } from '../limits.ts'

/**
 * The filters of a request (`filter` repeated, or comma-separated), canonical, each within what the token grants; without any the token's own, so that everybody sees
 * what is theirs. Throws `malformed` or `forbidden`.
 */
export function grantedFilters(url: URL, identity: Identity): readonly string[] {
  const asked = url.searchParams.getAll('filter').flatMap((value) => value.split(','))
  if (asked.length > limits.requestFiltersMax) {
    throw new WeirError('malformed', `At most ${limits.requestFiltersMax} filters are allowed.`)
  }
  for (const filter of asked) checkFilter(filter)
  if (!maySubscribe(identity, asked)) {
    throw new WeirError('forbidden', 'The token does not grant these filters: ask for less, or for another token.')
  }
  const filters = canonicalFilters(asked.length === 0 ? identity.subscribe : asked)
  if (filters.length === 0) throw new WeirError('forbidden', 'The token grants no subscription at all.')
  return filters
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

/** A time in RFC 3339 or in milliseconds since 1970; undefined when the parameter is absent. */
export function timeOf(url: URL, name: string): number | undefined {
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

/** The step of a series: a number of seconds, or a duration such as `10s` or `5m`; undefined when the parameter is absent. */
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

/** In which order; the oldest first unless asked otherwise. */
export function orderOf(url: URL): 'asc' | 'desc' {
  const order = url.searchParams.get('order') ?? 'asc'
  if (order === 'asc' || order === 'desc') return order
  throw new WeirError('malformed', 'order: asc, the oldest first, or desc, the newest first, is expected.')
}

/** A name of the IANA time zone database; undefined when the parameter is absent. */
export function timeZoneOf(url: URL): string | undefined {
  const name = url.searchParams.get('tz')
  if (name === null) return undefined
  try {
    // An offset such as +02:00 is no zone: it has no summer time, and Postgres reads its sign the other way round.
    if (/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(name))
      return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone
  } catch {
    // As below.
  }
  throw new WeirError('malformed', 'tz: the name of a time zone is expected, such as Europe/Berlin or UTC.')
}

/** The metrics of a series (`metric` repeated, or comma-separated). */
export function metricsOf(url: URL): readonly string[] {
  const metrics = url.searchParams.getAll('metric').flatMap((value) => value.split(','))
  if (metrics.length > limits.requestMetricsMax) {
    throw new WeirError('malformed', `metric: at most ${limits.requestMetricsMax} names are allowed.`)
  }
  return metrics
}
