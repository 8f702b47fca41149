import { type Answer, type OpenApi, openApi, type Parameter, problemSchema } from '@weir/mesh/edge'
import { errorCodes, type JsonSchema, schemaReference } from '@weir/proto'
import { cloudEventBinary } from '../formats/cloudevents/binary-mode.ts'
import type { Decoder } from '../formats/decoder.ts'
import { jsonDecoder } from '../formats/json/json.ts'
import { ndjsonDecoder } from '../formats/json/ndjson.ts'
import { rawDecoder } from '../formats/json/raw.ts'
import { ingestLimits } from '../limits.ts'
import type { Endpoint } from './endpoint.ts'
import { furtherRoutes } from './further-routes.ts'
import type { IngestOperation } from './ingest-operation.ts'
import { itemSchemas } from './item-schema.ts'

/** The description of these endpoints, and of what is served beside them. */
export function ingestApi(endpoints: readonly Endpoint[]): OpenApi<IngestOperation> {
  return openApi(
    {
      info: {
        title: 'Weir ingest',
        version: '1',
        description:
          'The door for every producer. 200 means that the stream has acknowledged the events. Bodies may be packed (Content-Encoding).',
      },
      security: [{ bearer: [] }, { basic: [] }],
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
          basic: { type: 'http', scheme: 'basic', description: 'The password is the JWT; the user is ignored.' },
        },
        schemas: { ...itemSchemas(), Accepted: accepted, Rejected: rejected, Problem: problem, Status: status },
      },
    },
    [
      ...endpoints.map((endpoint) => ({
        method: endpoint.method,
        path: endpoint.path,
        operation: operation(endpoint),
      })),
      ...furtherRoutes,
    ],
  )
}

function operation(endpoint: Endpoint): IngestOperation {
  const content: Record<string, { schema: JsonSchema; 'x-name': string }> = {}
  for (const decoder of endpoint.formats.decoders) {
    const mediaTypes = decoder.mediaTypes.length === 0 ? ['*/*'] : decoder.mediaTypes
    for (const mediaType of mediaTypes) {
      const named = content[mediaType]?.['x-name']
      const name = named === undefined ? decoder.name : `${named}; ${decoder.name}`
      content[mediaType] = { schema: bodySchema(decoder), 'x-name': name }
    }
  }
  return {
    summary: endpoint.summary,
    parameters: parameters(endpoint),
    requestBody: { required: true, content },
    responses: answers(endpoint),
  }
}

function parameters({ dialect }: Endpoint): Parameter[] {
  const key: Parameter = {
    name: 'Idempotency-Key',
    in: 'header',
    description: 'Records without an id get <key>:<index>, so that the same request again stores nothing twice.',
    schema: { type: 'string', maxLength: ingestLimits.idempotencyKeyBytesMax },
  }
  const ack: Parameter = {
    name: 'ack',
    in: 'query',
    description: '`none` answers 202 before the stream has.',
    schema: { type: 'string', enum: ['none'] },
  }
  return dialect.name === 'otlp' ? [ack] : [key, ack]
}

function bodySchema(decoder: Decoder): JsonSchema {
  const item = schemaReference('Item')
  if (decoder === jsonDecoder) return { oneOf: [item, { type: 'array', items: item }] }
  if (decoder === ndjsonDecoder) return { ...item, description: 'A line each.' }
  if (decoder === rawDecoder || decoder === cloudEventBinary) return {}
  return { description: decoder.name }
}

function answers({ dialect, formats }: Endpoint): Record<string, Answer> {
  const counts = { 'application/json': { schema: schemaReference('Accepted') } }
  const problems = { 'application/problem+json': { schema: schemaReference('Problem') } }
  const refusal =
    dialect.name === 'events'
      ? problems
      : Object.fromEntries(formats.mediaTypes.map((type) => [type, { schema: schemaReference('Status') }]))
  const retryAfter = { 'Retry-After': { description: 'Seconds.', schema: { type: 'integer' } } }
  const rates = {
    'RateLimit-Policy': { description: 'What may be sent.', schema: { type: 'string' } },
    RateLimit: { description: 'What is left of it.', schema: { type: 'string' } },
  }
  return {
    200:
      dialect.name === 'events'
        ? { description: 'Stored. Rejected records are listed.', content: counts }
        : { description: "Stored. OTLP's own answer in the media type of the request, with partial_success." },
    202: { description: 'With ack=none: sent to the stream, which has not answered.' },
    400: { description: 'The body cannot be read.', content: refusal },
    401: { description: 'No token, or none that is valid here.', content: refusal },
    403: { description: 'The token does not grant the subject.', content: refusal },
    408: { description: 'The body did not arrive in time.', content: refusal, headers: retryAfter },
    413: { description: 'The body is too large, packed or unpacked, or an event is.', content: refusal },
    415: {
      description: 'The Content-Type or Content-Encoding is not known here.',
      content: problems,
      headers: { 'Accept-Post': { description: 'The types that are.', schema: { type: 'string' } } },
    },
    422: { description: 'No record keeps to the rules of an event.', content: refusal },
    429: { description: 'Too fast, or too many subjects.', content: refusal, headers: { ...retryAfter, ...rates } },
    503: { description: 'Not stored, or not all: send the same again.', content: refusal, headers: retryAfter },
  }
}

const rejected: JsonSchema = {
  type: 'array',
  items: {
    type: 'object',
    required: ['index', 'code', 'message'],
    properties: {
      index: { type: 'integer', description: 'The place of the record in the request, from 0.' },
      code: { type: 'string', enum: errorCodes },
      message: { type: 'string' },
    },
  },
}

const accepted: JsonSchema = {
  type: 'object',
  required: ['accepted', 'duplicates'],
  properties: {
    accepted: { type: 'integer', description: 'Records that are in the stream.' },
    duplicates: { type: 'integer', description: 'Those of them that were there before.' },
    rejected: schemaReference('Rejected'),
    rejectedCount: { type: 'integer', description: 'When there are more than are listed.' },
  },
}

const problem = problemSchema({
  accepted: { type: 'integer' },
  duplicates: { type: 'integer' },
  rejected: schemaReference('Rejected'),
})

/** google.rpc.Status, as OTLP has it. */
const status: JsonSchema = {
  type: 'object',
  required: ['message'],
  properties: { message: { type: 'string', description: 'What to do.' } },
}
