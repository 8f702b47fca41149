import { problemParts, requestToken } from '@weir/mesh'
import { asWeirError, WeirError } from '@weir/proto'
import type { Hub } from '../hub/hub.ts'
import { limits } from '../limits.ts'
import { asyncApiDocument } from './async-api.ts'
import { endpoints } from './handshake.ts'
import type { HttpAnswer, HttpExchange, HttpHeaders, HttpRequest } from './http-exchange.ts'
import type { SessionsDoor } from './sessions-door.ts'
import { openEventStream } from './sse-endpoint.ts'
import type { Tickets } from './tickets.ts'

/** What a hub serves over plain HTTP, beside its WebSocket. */
export class HttpEdge {
  readonly #hub: Hub
  readonly #tickets: Tickets
  readonly #sessions: SessionsDoor
  readonly #description: string

  constructor(hub: Hub, tickets: Tickets, sessions: SessionsDoor) {
    this.#hub = hub
    this.#tickets = tickets
    this.#sessions = sessions
    this.#description = JSON.stringify(asyncApiDocument(hub.settings))
  }

  async handle(exchange: HttpExchange): Promise<void> {
    const { origin } = exchange.request
    const headers = this.#hub.admission.allows(origin) ? corsHeaders(origin) : {}
    try {
      await this.#route(exchange, headers)
    } catch (thrown) {
      const error = asWeirError(thrown)
      this.#hub.onRefuse(error.code)
      if (error.code === 'internal') this.#hub.log.error({ err: thrown }, 'a request failed')
      exchange.answer(problemParts(error, { headers }))
    }
  }

  async #route(exchange: HttpExchange, headers: HttpHeaders): Promise<void> {
    const { path, method, origin, framing } = exchange.request
    if (framing.fault !== undefined) throw framing.fault
    const allowed = Object.hasOwn(methods, path) ? methods[path] : undefined
    if (allowed === undefined) throw new WeirError('not_found', `There is nothing here: the hub has ${contents}.`)
    if (method === 'OPTIONS') {
      this.#hub.admission.checkOrigin(origin)
      exchange.answer({ status: 204, headers: { ...headers, ...preflightHeaders(allowed.join(', ')) }, body: '' })
      return
    }
    if (!allowed.includes(method)) {
      const error = new WeirError('method_not_allowed', `Use ${allowed.join(' or ')} here.`)
      const allow = [...allowed, 'OPTIONS'].join(', ')
      exchange.answer(problemParts(error, { headers: { ...headers, allow } }))
      return
    }
    switch (path) {
      case '/v1/sse':
        return openEventStream(this.#hub, this.#tickets, exchange, headers)
      case '/v1/tickets':
        return await this.#answer(exchange, headers, async ({ authorization }) => {
          return await this.#tickets.issue(await this.#hub.identify(requestToken(authorization)))
        })
      case '/v1/sessions':
        return await this.#answer(exchange, headers, (request) => {
          return method === 'GET' ? this.#sessions.list(request) : this.#sessions.disconnect(request)
        })
      default:
        exchange.answer(json(this.#description, headers))
    }
  }

  /** Counts as a connection while it lasts, so that it is bounded like one. */
  async #answer(
    exchange: HttpExchange,
    headers: HttpHeaders,
    handle: (request: HttpRequest) => Promise<object>,
  ): Promise<void> {
    const { request } = exchange
    const { admission } = this.#hub
    admission.enter(request.ip, request.origin)
    try {
      const body = JSON.stringify(await handle(request))
      exchange.answer(json(body, { ...headers, 'cache-control': 'no-store' }))
    } finally {
      admission.leave(request.ip)
    }
  }
}

/** The methods of each path. */
const methods: Readonly<Record<string, readonly string[]>> = {
  '/v1/sse': ['GET'],
  '/v1/tickets': ['POST'],
  '/v1/sessions': ['GET', 'DELETE'],
  '/asyncapi.json': ['GET'],
}

const contents = `GET ${Object.keys(endpoints).join(' and ')} (WebSockets), ${Object.entries(methods)
  .map(([path, method]) => `${method.join(' and ')} ${path}`)
  .join(', ')}`

function json(body: string, headers: HttpHeaders): HttpAnswer {
  return { status: 200, headers: { ...headers, 'content-type': 'application/json' }, body }
}

/** Without credentials: tokens come in a header or by a ticket, never in a cookie. */
function corsHeaders(origin: string): HttpHeaders {
  return origin === '' ? {} : { 'access-control-allow-origin': origin, vary: 'origin' }
}

function preflightHeaders(method: string): HttpHeaders {
  return {
    'access-control-allow-methods': method,
    'access-control-allow-headers': 'authorization, cache-control, content-type, last-event-id',
    'access-control-max-age': String(limits.preflightSeconds),
  }
}
