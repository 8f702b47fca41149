import { setImmediate as pause } from 'node:timers/promises'
import { checkParameters, flagOf } from '@weir/mesh'
import { Mode } from '@weir/proto'
import { limits } from '../../limits.ts'
import type { Session } from '../session.ts'
import { sessionLimit } from './session-limit.ts'

/** Which sessions of a tenant are asked for: those that are furthest behind come first. */
export interface SurveyQuery {
  readonly tenant: string
  /** In the subject of the token, the client, the address, the session's id or a filter. */
  readonly find: string
  /** Only those with a subscription that is behind. */
  readonly behind: boolean
  readonly limit: number
}

/** What one hub says of its sessions. */
export interface SessionSurvey {
  readonly hub: string
  /** Sessions of the tenant, and how many of them were asked for. */
  readonly connections: number
  readonly matching: number
  /** At most as many as were asked for, the one that is furthest behind first. */
  readonly sessions: readonly SessionLine[]
}

/** One session in a line: the worst of its subscriptions, and the first of what they read. */
export interface SessionLine {
  readonly hub: string
  readonly session: string
  /** Of the token. */
  readonly subject: string
  readonly client: string
  readonly ip: string
  readonly ageSeconds: number
  readonly lagEntries: number
  readonly lagSeconds: number
  /** Sent and not known to be taken, the buffer of the socket included. */
  readonly outstandingBytes: number
  readonly subscriptions: number
  readonly reads: readonly SessionReading[]
}

export interface SessionReading {
  readonly source: string
  readonly mode: string
  readonly filters: readonly string[]
}

/** Throws `malformed`. */
export function readSurveyQuery(query: URLSearchParams, tenant: string): SurveyQuery {
  checkParameters(query, ['find', 'behind', 'limit'])
  return {
    tenant,
    find: (query.get('find') ?? '').slice(0, limits.surveyFindMax).toLowerCase(),
    behind: flagOf(query, 'behind'),
    limit: sessionLimit(query, limits.surveyDefault, limits.surveyMax),
  }
}

/**
 * Looks at all sessions of a hub, some at a time, so that what is delivered meanwhile waits for
 * none of it.
 */
export async function surveySessions(
  hub: { readonly hubName: string; readonly sessions: ReadonlySet<Session>; now(): number },
  { tenant, find, behind, limit }: SurveyQuery,
): Promise<SessionSurvey> {
  const found: Found[] = []
  let connections = 0
  let matching = 0
  let looked = 0
  for (const session of hub.sessions) {
    if (++looked % limits.surveySlice === 0) await pause()
    if (session.identity?.tenant !== tenant) continue
    connections++
    const lag = lagOf(session)
    if ((behind && !lag.isBehind) || (find !== '' && !isFound(session, find))) continue
    matching++
    found.push({ ...lag, session })
    if (found.length >= 2 * limit + limits.surveySlice) keepFirst(found, limit)
  }
  keepFirst(found, limit)
  const now = hub.now()
  return {
    hub: hub.hubName,
    connections,
    matching,
    sessions: fitting(found.map((each) => lineOf(hub.hubName, each, now))),
  }
}

/** The lines of several hubs as one list. */
export function mergeLines(surveys: readonly SessionSurvey[], limit: number): readonly SessionLine[] {
  return surveys
    .flatMap(({ sessions }) => sessions)
    .sort(
      (a, b) => b.lagEntries - a.lagEntries || b.outstandingBytes - a.outstandingBytes || a.ageSeconds - b.ageSeconds,
    )
    .slice(0, limit)
}

interface Found {
  readonly session: Session
  readonly isBehind: boolean
  readonly entries: number
  readonly ms: number
}

function lagOf({ subscriptions }: Session): Omit<Found, 'session'> {
  let isBehind = false
  let entries = 0
  let ms = 0
  for (const subscriber of subscriptions) {
    isBehind ||= subscriber.isBehind
    const lag = subscriber.channel.origin.lagOf(subscriber)
    entries = Math.max(entries, lag.entries)
    ms = Math.max(ms, lag.ms)
  }
  return { isBehind, entries, ms }
}

function isFound({ id, identity, client, link, subscriptions }: Session, find: string): boolean {
  const texts = [identity?.subject ?? '', client, link.ip, id]
  if (texts.some((text) => text.toLowerCase().includes(find))) return true
  return [...subscriptions].some(({ channel }) => channel.filters.some((filter) => filter.toLowerCase().includes(find)))
}

function keepFirst(found: Found[], limit: number): void {
  found.sort(
    (a, b) =>
      b.entries - a.entries || outstanding(b.session) - outstanding(a.session) || b.session.number - a.session.number,
  )
  found.length = Math.min(found.length, limit)
}

function outstanding({ credit, link }: Session): number {
  return credit.unacknowledgedBytes + link.bufferedBytes
}

function lineOf(hub: string, { session, entries, ms }: Found, now: number): SessionLine {
  const { id, identity, client, link, openedAt, subscriptions } = session
  return {
    hub,
    session: id,
    subject: identity?.subject ?? '',
    client,
    ip: link.ip,
    ageSeconds: Math.max(0, Math.round((now - openedAt) / 1000)),
    lagEntries: entries,
    lagSeconds: ms / 1000,
    outstandingBytes: outstanding(session),
    subscriptions: subscriptions.size,
    reads: [...subscriptions].slice(0, limits.surveyReadsMax).map(({ mode, channel }) => ({
      source: channel.source,
      mode: Mode[mode] ?? String(mode),
      filters: channel.filters.slice(0, limits.surveyReadsMax),
    })),
  }
}

/** As many as one message between hubs holds. */
function fitting(lines: readonly SessionLine[]): readonly SessionLine[] {
  const kept: SessionLine[] = []
  let bytes = 0
  for (const line of lines) {
    // A character of UTF-16 takes three bytes at most.
    bytes += 3 * JSON.stringify(line).length
    if (bytes > limits.surveyBytesMax) break
    kept.push(line)
  }
  return kept
}
