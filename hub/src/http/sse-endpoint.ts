import { create } from '@bufbuild/protobuf'
import { bearerToken, checkParameters, type Identity } from '@weir/mesh'
import { cursorField, Mode, parseCursor, type Subscribe, SubscribeSchema, WeirError } from '@weir/proto'
import type { Hub } from '../hub/hub.ts'
import { sseDialect } from '../session/weir-dialect.ts'
import type { HttpExchange, HttpHeaders, HttpRequest } from './http-exchange.ts'
import { SseLink } from './sse-link.ts'
import type { Tickets } from './tickets.ts'

/**
 * Serves GET /v1/sse: one subscription, as a session whose client cannot acknowledge. Rejects with
 * what the request is refused for, while nothing of the answer has been sent.
 */
export async function openEventStream(
  hub: Hub,
  tickets: Tickets,
  exchange: HttpExchange,
  headers: HttpHeaders,
): Promise<void> {
  const { request } = exchange
  const subscribe = readSubscribe(request)
  hub.admission.enter(request.ip, request.origin)
  let identity: Identity
  try {
    identity = await identify(hub, tickets, request)
    if (exchange.ended) throw new WeirError('unavailable', 'The client has gone.')
  } catch (thrown) {
    hub.admission.leave(request.ip)
    throw thrown
  }
  const link = new SseLink(exchange, headers, {
    drained: () => session.drained(),
    ended: () => hub.closed(session),
  })
  const session = hub.open(link, sseDialect, undefined)
  try {
    session.admit(identity, request.userAgent)
    await session.subscribe(subscribe)
  } catch (thrown) {
    // The hub may have begun to drain meanwhile, and said so.
    if (link.begun) return session.fail(thrown)
    hub.closed(session)
    throw thrown
  }
}

async function identify(hub: Hub, tickets: Tickets, { authorization, query, ip }: HttpRequest): Promise<Identity> {
  const token = bearerToken(authorization)
  if (token !== undefined) return hub.identify(token)
  const ticket = query.get('ticket')
  if (ticket !== null) {
    const identity = await tickets.redeem(ticket, ip)
    hub.verifier.check(identity)
    return identity
  }
  throw new WeirError(
    'unauthenticated',
    'A token is needed: in the Authorization header, or by a ticket (POST /v1/tickets) in ?ticket=.',
  )
}

/** The subscription that a query asks for. Throws `malformed`. */
export function readSubscribe({ query, lastEventId }: HttpRequest): Subscribe {
  checkParameters(query, parameters)
  const filters = query.getAll('filter')
  // The header is what a browser sends when it connects again, with the address of the first time.
  const cursor = lastEventId === '' ? query.get('cursor') : lastEventId
  return create(SubscribeSchema, {
    id: 1,
    source: query.get('source') ?? 'events',
    filters: filters.length === 0 ? ['>'] : filters,
    mode: readMode(query.get('mode')),
    intervalMs: readInterval(query.get('interval')),
    ...(cursor === null ? {} : cursorField(parseCursor(cursor))),
  })
}

/** What a stream's query may hold. A token is not among them: it would stand in logs. */
export const parameters: readonly string[] = ['source', 'filter', 'mode', 'interval', 'cursor', 'ticket']

function readMode(text: string | null): Mode {
  if (text === null) return Mode.UNSPECIFIED
  switch (text.toUpperCase()) {
    case 'ALL':
      return Mode.ALL
    case 'LATEST':
      return Mode.LATEST
    default:
      throw new WeirError('malformed', 'mode: ALL (every entry) or LATEST (the newest of each subject) is expected.')
  }
}

function readInterval(text: string | null): number {
  if (text === null) return 0
  if (!/^\d{1,9}$/.test(text)) throw new WeirError('malformed', 'interval: a whole number of milliseconds is expected.')
  return Number(text)
}
