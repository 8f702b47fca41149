import { pathTemplate, problem } from '@weir/mesh/edge'
import { WeirError } from '@weir/proto'
import { Hono } from 'hono'
import { cors } from 'hono/cors'
import { streamUnpackers } from './body/unpack.ts'
import type { WebhookRoute } from './formats/webhook/webhook-route.ts'
import { apiPage, pageHeaders } from './http/api-page.ts'
import { Beacons } from './http/beacons.ts'
import { type Endpoint, endpoints, webhookEndpoint } from './http/endpoint.ts'
import { furtherRoutes } from './http/further-routes.ts'
import { influxProbes } from './http/influx-probes.ts'
import { ingestApi } from './http/open-api.ts'
import { ingestLimits } from './limits.ts'
import { Pipeline, type PipelineLimits, type PipelineParts } from './pipeline.ts'
import { Gate, type GateOptions } from './store/gate.ts'

export type Ingest = (request: Request) => Promise<Response>

export interface IngestApp {
  readonly fetch: Ingest
  /**
   * Takes these webhooks in place of those before; requests under way are not disturbed. Throws
   * where a path cannot be served, and changes nothing then.
   */
  reroute(routes: readonly WebhookRoute[]): void
}

export interface IngestParts extends Pick<PipelineParts, 'verifier' | 'log'>, Pick<GateOptions, 'publisher'> {
  readonly limits?: Partial<PipelineLimits>
  /** Content codings; gzip and deflate, which every runtime has, when absent. */
  readonly unpackers?: PipelineParts['unpackers']
  readonly routes?: readonly WebhookRoute[]
  /** Origins whose pages may send from a browser; `*` is any. */
  readonly origins?: readonly string[]
  readonly metrics?: PipelineParts['metrics']
  readonly traces?: PipelineParts['traces']
  /** Asked once for each tenant; when absent, all that tokens name are there. */
  readonly tenantExists?: GateOptions['tenantExists']
  /** Every tenant has one stream when absent. */
  readonly shardsOf?: GateOptions['shardsOf']
  /** Shared with other doors of the same ingest; its own when absent. */
  readonly gate?: Gate
  /** As PipelineParts has it; true when absent. */
  readonly otlpDedupe?: boolean
  /** Milliseconds since the Unix epoch. */
  readonly now?: () => number
}

/**
 * The whole of ingest as a plain fetch handler: no API of a runtime in it, so it runs wherever
 * Request and Response do.
 */
export function createIngest(parts: IngestParts): Ingest {
  return createIngestApp(parts).fetch
}

/** The same, whose webhooks may change. */
export function createIngestApp(parts: IngestParts): IngestApp {
  const { publisher, tenantExists = () => Promise.resolve(true) } = parts
  const limits = { ...ingestLimits, ...parts.limits }
  const pipeline = new Pipeline({
    ...parts,
    gate: parts.gate ?? new Gate({ publisher, tenantExists, shardsOf: parts.shardsOf, limits }),
    unpackers: parts.unpackers ?? streamUnpackers,
    now: parts.now ?? Date.now,
    otlpDedupe: parts.otlpDedupe ?? true,
    limits,
  })
  const beacons = new Beacons(limits.bodyMs, (request) => app.fetch(request))
  const appOf = (routes: readonly WebhookRoute[]): Hono => routed(pipeline, beacons, routes, parts.origins ?? [])
  let app = appOf(parts.routes ?? [])
  return {
    fetch(request) {
      const answer = app.fetch(request)
      return answer instanceof Promise ? answer : Promise.resolve(answer)
    },
    reroute(routes) {
      const next = appOf(routes)
      // The router is built when it is asked first.
      next.router.match('POST', '/')
      app = next
    },
  }
}

function routed(
  pipeline: Pipeline,
  beacons: Beacons,
  routes: readonly WebhookRoute[],
  origins: readonly string[],
): Hono {
  const all = [...endpoints, ...routes.map(webhookEndpoint)]
  const app = new Hono()
  if (origins.length > 0) app.use(crossOrigin(origins))
  for (const endpoint of all) {
    app.on(endpoint.method, endpoint.path, ({ req }) => pipeline.handle(req.raw, endpoint, req.param()))
  }
  app.post('/v1/beacon', ({ req }) => beacons.handle(req.raw))
  app.route('/', influxProbes())
  const description = ingestApi(all)
  app.get('/openapi.json', (context) => context.json(description))
  app.get('/', ({ req, html }) => html(apiPage(description, new URL(req.url).origin), 200, pageHeaders))
  for (const [path, methods] of methodsByPath(all)) app.all(path, () => wrongMethod(methods))
  app.notFound(({ req }) => wrongPath(req.path, all))
  return app
}

function crossOrigin(origins: readonly string[]): ReturnType<typeof cors> {
  return cors({
    origin: origins.includes('*') ? '*' : [...origins],
    allowMethods: ['POST', 'PUT'],
    exposeHeaders: ['Retry-After', 'RateLimit', 'RateLimit-Policy'],
    maxAge: 3600,
  })
}

/** Names where producers send to, as a wrong path is most often nearly a right one. */
function wrongPath(path: string, all: readonly Endpoint[]): Response {
  const places = all.map(({ method, path }) => `${method} ${pathTemplate(path)}`)
  const named = places.slice(0, ingestLimits.pathsNamedMax).join(', ')
  return problem(
    new WeirError(
      'not_found',
      `There is nothing at ${path.slice(0, 256)}. Send to ${named}; GET / says what each takes.`,
    ),
  )
}

function methodsByPath(all: readonly Endpoint[]): Map<string, string[]> {
  const methods = new Map([
    ['/', ['GET']],
    ['/openapi.json', ['GET']],
  ])
  for (const { method, path } of [...furtherRoutes, ...all]) methods.set(path, [...(methods.get(path) ?? []), method])
  return methods
}

function wrongMethod(methods: readonly string[]): Response {
  const allow = methods.join(', ')
  return problem(new WeirError('method_not_allowed', `Use ${allow} here.`), { headers: { allow } })
}
