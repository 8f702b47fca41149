import { checkParameters, flagOf } from '@weir/mesh'
import { Mode, WeirError } from '@weir/proto'
import type { Subscriber } from '../../engine/delivery/subscriber.ts'
import { limits } from '../../limits.ts'
import type { Session } from '../session.ts'
import { sessionLimit } from './session-limit.ts'

/** How a connection stands, for operators. */
export interface SessionReport {
  readonly session: string
  readonly tenant: string
  /** Of the token. */
  readonly subject: string
  /** Name and version that the client gave of itself. */
  readonly client: string
  readonly ip: string
  readonly ageSeconds: number
  /** 0 for a client that does not acknowledge. */
  readonly windowBytes: number
  readonly unacknowledgedBytes: number
  /** In the buffer of its socket. */
  readonly bufferedBytes: number
  readonly subscriptions: readonly SubscriptionReport[]
}

export interface SubscriptionReport {
  readonly id: number
  readonly source: string
  readonly filters: readonly string[]
  readonly mode: string
  readonly intervalMs: number
  readonly lane: 'caught up' | 'behind'
  /** Entries of the source, whether they match or not, that it has not passed yet. */
  readonly lagEntries: number
  /** How long the first of them has been in the hub. */
  readonly lagSeconds: number
}

export interface SessionPage {
  readonly sessions: readonly SessionReport[]
  /** What `after` is for the next page; absent on the last. */
  readonly next?: string
}

/** Which sessions, and where the page begins. */
export interface SessionQuery {
  readonly tenant: string | undefined
  readonly subject: string | undefined
  /** Only those with a subscription that is behind. */
  readonly behind: boolean
  readonly limit: number
  /** The last session of the page before. */
  readonly after: string | undefined
}

/** Throws `malformed`. */
export function readSessionQuery(query: URLSearchParams): SessionQuery {
  checkParameters(query, ['tenant', 'subject', 'behind', 'limit', 'after'])
  return {
    tenant: query.get('tenant') ?? undefined,
    subject: query.get('subject') ?? undefined,
    behind: flagOf(query, 'behind'),
    limit: sessionLimit(query, limits.sessionsPageDefault, limits.sessionsPageMax),
    after: query.get('after') ?? undefined,
  }
}

/**
 * A page of the sessions, which come in the order of their opening. Those that have not said Hello
 * are nobody's yet.
 */
export function listSessions(sessions: Iterable<Session>, query: SessionQuery, now: number): SessionPage {
  const page: SessionReport[] = []
  const after = query.after === undefined ? 0 : sessionNumber(query.after)
  let subscriptions = 0
  for (const session of sessions) {
    if (session.number <= after || !isWanted(session, query)) continue
    // One connection may have hundreds of subscriptions.
    if (page.length === query.limit || subscriptions > limits.sessionsPageSubscriptionsMax) {
      return { sessions: page, next: (page.at(-1) as SessionReport).session }
    }
    subscriptions += session.subscriptions.size
    page.push(reportSession(session, now))
  }
  return { sessions: page }
}

function isWanted({ identity, subscriptions }: Session, { tenant, subject, behind }: SessionQuery): boolean {
  if (identity === undefined) return false
  if (tenant !== undefined && identity.tenant !== tenant) return false
  if (subject !== undefined && identity.subject !== subject) return false
  return !behind || [...subscriptions].some(({ isBehind }) => isBehind)
}

function reportSession(session: Session, now: number): SessionReport {
  const { id, identity, client, link, openedAt, credit, subscriptions } = session
  return {
    session: id,
    tenant: identity?.tenant ?? '',
    subject: identity?.subject ?? '',
    client,
    ip: link.ip,
    ageSeconds: Math.round((now - openedAt) / 1000),
    windowBytes: credit.windowBytes,
    unacknowledgedBytes: credit.unacknowledgedBytes,
    bufferedBytes: link.bufferedBytes,
    subscriptions: [...subscriptions].map(reportSubscription),
  }
}

function reportSubscription(subscriber: Subscriber): SubscriptionReport {
  const { id, mode, channel, isBehind } = subscriber
  const lag = channel.origin.lagOf(subscriber)
  return {
    id,
    source: channel.source,
    filters: channel.filters,
    mode: Mode[mode] ?? String(mode),
    intervalMs: channel.intervalMs,
    lane: isBehind ? 'behind' : 'caught up',
    lagEntries: lag.entries,
    lagSeconds: lag.ms / 1000,
  }
}

/** The number that ends a session's id; they grow. Throws `malformed`. */
function sessionNumber(id: string): number {
  const number = Number.parseInt(id.slice(id.lastIndexOf('.') + 1), 36)
  if (Number.isNaN(number)) throw new WeirError('malformed', 'after: the `next` of the page before is expected.')
  return number
}
