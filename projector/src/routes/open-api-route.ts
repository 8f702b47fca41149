import { type Answer, type OpenApi, type Operation, openApi, problemSchema } from '@weir/mesh'
import {
  componentSchemas,
  cursorSchema,
  type ErrorCode,
  EventSchema,
  httpStatus,
  type JsonSchema,
  schemaReference,
} from '@weir/proto'
import manifest from '../../package.json' with { type: 'json' }
import { type Endpoint, jsonAnswer } from '../http/endpoint.ts'
import type { Router } from '../http/router.ts'
import { alertSchemas } from './alert-routes.ts'
import { boardSchemas } from './board-routes.ts'
import { deadLetterSchemas } from './dead-letter-routes.ts'
import { historySchemas } from './history-routes.ts'
import { projectionSchemas } from './projection-status.ts'
import { silenceSchemas } from './silence-routes.ts'
import { stateSchemas } from './state-routes.ts'

const getDescription: Endpoint<'/v1/openapi.json'> = {
  method: 'GET',
  path: '/v1/openapi.json',
  summary: 'This document',
  isPublic: true,
  parameters: [],
  answers: { 200: jsonAnswer('This document', { type: 'object' }) },
  refusals: [],
}

/**
 * The description of the API, for people's tools: it needs no token, as it tells nothing of the
 * mesh.
 */
export function openApiRoute(router: Router): void {
  let document: OpenApi | undefined
  router.add(getDescription, (context) => {
    document ??= readApi(router.endpoints)
    return context.json(document, 200, { 'cache-control': 'public, max-age=300' })
  })
}

function readApi(endpoints: readonly Endpoint[]): OpenApi {
  return openApi(
    {
      info: {
        title: 'Weir read API',
        version: manifest.version,
        description:
          'The state, the history and the alerts of a mesh. The tenant comes from the token, and every answer is within the filters that the token grants. Errors are problem details (RFC 9457) with a stable `code`; what may be tried again has Retry-After.',
      },
      security: [{ token: [] }],
      components: {
        securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
        schemas: {
          ...eventSchemas(),
          Cursor: { ...cursorSchema, description: 'A place in a source; opaque.' },
          Problem: problemSchema({ missing }),
          ...stateSchemas,
          ...historySchemas,
          ...alertSchemas,
          ...silenceSchemas,
          ...projectionSchemas,
          ...deadLetterSchemas,
          ...boardSchemas,
        },
      },
    },
    endpoints.map((endpoint) => ({ method: endpoint.method, path: endpoint.path, operation: operation(endpoint) })),
  )
}

function eventSchemas(): Record<string, JsonSchema> {
  const schemas = componentSchemas(EventSchema, 'written')
  return { ...schemas, Event: { ...schemas.Event, description: 'At most one of the kinds of data.' } }
}

const missing: JsonSchema = {
  type: 'string',
  enum: ['key', 'bucket'],
  description: 'With `not_found` of the state, what there is not; `type` ends with the same word.',
}

function operation({ summary, description, parameters, body, answers, refusals, isPublic }: Endpoint): Operation {
  const codes = [...everywhere, ...(isPublic === true ? [] : byToken), ...refusals]
  return {
    summary,
    ...(description === undefined ? {} : { description }),
    ...(isPublic === true ? { security: [] } : {}),
    parameters,
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: body } } } as const }),
    responses: { ...answers, ...problems(codes) },
  }
}

/** For a parameter that is not known, or its value; for a body that is too large or slow. */
const everywhere: readonly ErrorCode[] = ['malformed', 'slow_body', 'too_large', 'internal']
const byToken: readonly ErrorCode[] = ['unauthenticated', 'token_expired', 'forbidden', 'unavailable']

function problems(codes: readonly ErrorCode[]): Readonly<Record<string, Answer>> {
  const content = { 'application/problem+json': { schema: schemaReference('Problem') } }
  const responses: Record<string, Answer> = {}
  for (const code of codes) {
    const status = httpStatus(code)
    const named = responses[status]
    responses[status] = { description: named === undefined ? code : `${named.description}, ${code}`, content }
  }
  return responses
}
