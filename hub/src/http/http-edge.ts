import { problemParts, requestToken } from '@weir/mesh'
import { asWeirError, WeirError } from '@weir/proto'
import type { Hub } from '../hub/hub.ts'
import { limits } from '../limits.ts'
import { asyncApiDocument } from './async-api.ts'
import { endpoints } from './handshake.ts'
import type { HttpAnswer, HttpExchange, HttpHeaders } from './http-exchange.ts'
import { openEventStream } from './sse-endpoint.ts'
import type { Tickets } from './tickets.ts'

/** What a hub serves over plain HTTP, beside its WebSocket. */
export class HttpEdge {
  readonly #hub: Hub
  readonly #tickets: Tickets
  readonly #description: string

  constructor(hub: Hub, tickets: Tickets) {
    this.#hub = hub
    this.#tickets = tickets
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
      exchange.answer({ status: 204, headers: { ...headers, ...preflightHeaders(allowed) }, body: '' })
      return
    }
    if (method !== allowed) {
      const error = new WeirError('method_not_allowed', `Use ${allowed} here.`)
      exchange.answer(problemParts(error, { headers: { ...headers, allow: `${allowed}, OPTIONS` } }))
      return
    }
    switch (path) {
      case '/v1/sse':
        return openEventStream(this.#hub, this.#tickets, exchange, headers)
      case '/v1/tickets':
        return exchange.answer(await this.#ticket(exchange, headers))
      default:
        exchange.answer(json(this.#description, headers))
    }
  }

  /** Counts as a connection while it lasts, so that it is bounded like one. */
  async #ticket({ request }: HttpExchange, headers: HttpHeaders): Promise<HttpAnswer> {
    const { admission } = this.#hub
    admission.enter(request.ip, request.origin)
    try {
      const identity = await this.#hub.identify(requestToken(request.authorization))
      const ticket = await this.#tickets.issue(identity)
      return json(JSON.stringify(ticket), { ...headers, 'cache-control': 'no-store' })
    } finally {
      admission.leave(request.ip)
    }
  }
}

/** The one method of each path. */
const methods: Readonly<Record<string, string>> = {
  '/v1/sse': 'GET',
  '/v1/tickets': 'POST',
  '/asyncapi.json': 'GET',
}

const contents = `GET ${Object.keys(endpoints).join(' and ')} (WebSockets), ${Object.entries(methods)
  .map(([path, method]) => `${method} ${path}`)
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
