import { problem } from '@weir/mesh'
import { WeirError } from '@weir/proto'
import { Hono } from 'hono'
import { eventsEndpoint, logsEndpoint, metricsEndpoint, subjectEndpoint } from './endpoint.ts'
import { ingestLimits } from './limits.ts'
import { Pipeline, type PipelineLimits, type PipelineParts } from './pipeline.ts'
import { streamUnpackers } from './unpack.ts'

export type Ingest = (request: Request) => Promise<Response>

export type IngestParts = Pick<PipelineParts, 'verifier' | 'publisher' | 'log'> &
  Partial<Pick<PipelineParts, 'unpackers' | 'now'>> & { readonly limits?: Partial<PipelineLimits> }

/** The whole of ingest as a plain fetch handler: no API of a runtime in it, so it runs wherever Request and Response do. */
export function createIngest(parts: IngestParts): Ingest {
  const pipeline = new Pipeline({
    verifier: parts.verifier,
    publisher: parts.publisher,
    log: parts.log,
    unpackers: parts.unpackers ?? streamUnpackers,
    now: parts.now ?? Date.now,
    limits: { ...ingestLimits, ...parts.limits },
  })
  const app = new Hono()
  for (const [path, endpoint] of endpoints) {
    app.post(path, (context) => pipeline.handle(context.req.raw, endpoint))
    app.all(path, () => wrongMethod('POST'))
  }
  app.post('/v1/events/:subject', ({ req }) => pipeline.handle(req.raw, subjectEndpoint, req.param('subject')))
  app.all('/v1/events/:subject', () => wrongMethod('POST'))
  app.notFound(() => problem(new WeirError('not_found', 'There is nothing here: see /openapi.json for what there is.')))
  return async (request) => app.fetch(request)
}

const endpoints = [
  ['/v1/events', eventsEndpoint],
  ['/v1/metrics', metricsEndpoint],
  ['/v1/logs', logsEndpoint],
] as const

function wrongMethod(allow: string): Response {
  return problem(new WeirError('method_not_allowed', `Use ${allow} here.`), { headers: { allow } })
}
