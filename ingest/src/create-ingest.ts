import { problem } from '@weir/mesh'
import { WeirError } from '@weir/proto'
import { Hono } from 'hono'
import { eventsAnswer } from './answer.ts'
import { eventFormats } from './formats.ts'
import { ingestLimits } from './limits.ts'
import { otlpMetricsEndpoint } from './otlp-endpoint.ts'
import { type Endpoint, idsByHeader, Pipeline, type PipelineLimits, type PipelineParts } from './pipeline.ts'
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
  app.post('/v1/events', (context) => pipeline.handle(context.req.raw, events))
  app.all('/v1/events', () => wrongMethod('POST'))
  app.post('/v1/metrics', (context) => pipeline.handle(context.req.raw, otlpMetricsEndpoint))
  app.all('/v1/metrics', () => wrongMethod('POST'))
  app.notFound(() => problem(new WeirError('not_found', 'There is nothing here: see /openapi.json for what there is.')))
  return async (request) => app.fetch(request)
}

const events: Endpoint = { formats: eventFormats, ids: idsByHeader, answer: eventsAnswer }

function wrongMethod(allow: string): Response {
  return problem(new WeirError('method_not_allowed', `Use ${allow} here.`), { headers: { allow } })
}
