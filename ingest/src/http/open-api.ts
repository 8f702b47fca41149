import { errorCodes, type JsonSchema } from '@weir/proto'
import { cloudEventBinary } from '../formats/cloudevents/binary-mode.ts'
import type { Decoder } from '../formats/decoder.ts'
import { jsonDecoder } from '../formats/json/json.ts'
import { ndjsonDecoder } from '../formats/json/ndjson.ts'
import { rawDecoder } from '../formats/json/raw.ts'
import { ingestLimits } from '../limits.ts'
import type { Endpoint } from './endpoint.ts'
import { itemSchemas } from './item-schema.ts'

/** An OpenAPI 3.1 document, as far as api-page.ts reads it. */
export interface OpenApi {
  readonly openapi: '3.1.0'
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: JsonSchema
  readonly security: readonly JsonSchema[]
}

export interface Operation {
  readonly summary: string
  readonly parameters: readonly JsonSchema[]
  readonly requestBody: {
    readonly required: true
    readonly content: Readonly<Record<string, { readonly schema: JsonSchema; readonly 'x-name': string }>>
  }
  readonly responses: Readonly<Record<string, Answer>>
}

export interface Answer {
  readonly description: string
  readonly headers?: JsonSchema
  readonly content?: JsonSchema
}

/** The description of these endpoints. */
export function openApi(endpoints: readonly Endpoint[]): OpenApi {
  const paths: Record<string, Record<string, Operation>> = {}
  for (const endpoint of endpoints) {
    const path = endpoint.path.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [endpoint.method.toLowerCase()]: operation(endpoint) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Weir ingest',
      version: '1',
      description:
        'The door for every producer. 200 means that the stream has acknowledged the events. Bodies may be packed (Content-Encoding).',
    },
    security: [{ bearer: [] }, { basic: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        basic: { type: 'http', scheme: 'basic', description: 'The password is the JWT; the user is ignored.' },
      },
      schemas: { ...itemSchemas(), Accepted: accepted, Rejected: rejected, Problem: problem, Status: status },
    },
  }
}

function operation(endpoint: Endpoint): Operation {
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

function parameters({ path, dialect }: Endpoint): JsonSchema[] {
  const named = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  const key = {
    name: 'Idempotency-Key',
    in: 'header',
    description: 'Records without an id get <key>:<index>, so that the same request again stores nothing twice.',
    schema: { type: 'string', maxLength: ingestLimits.idempotencyKeyBytesMax },
  }
  const ack = {
    name: 'ack',
    in: 'query',
    description: '`none` answers 202 before the stream has.',
    schema: { type: 'string', enum: ['none'] },
  }
  return dialect.name === 'otlp' ? [...named, ack] : [...named, key, ack]
}

function bodySchema(decoder: Decoder): JsonSchema {
  const item = { $ref: '#/components/schemas/Item' }
  if (decoder === jsonDecoder) return { oneOf: [item, { type: 'array', items: item }] }
  if (decoder === ndjsonDecoder) return { ...item, description: 'A line each.' }
  if (decoder === rawDecoder || decoder === cloudEventBinary) return {}
  return { description: decoder.name }
}

function answers({ dialect, formats }: Endpoint): Record<string, Answer> {
  const counts = { 'application/json': { schema: { $ref: '#/components/schemas/Accepted' } } }
  const problems = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } }
  const refusal =
    dialect.name === 'events'
      ? problems
      : Object.fromEntries(
          formats.mediaTypes.map((type) => [type, { schema: { $ref: '#/components/schemas/Status' } }]),
        )
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
    rejected: { $ref: '#/components/schemas/Rejected' },
    rejectedCount: { type: 'integer', description: 'When there are more than are listed.' },
  },
}

/** RFC 9457. */
const problem: JsonSchema = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What to do.' },
    code: { type: 'string', enum: errorCodes },
    accepted: { type: 'integer' },
    duplicates: { type: 'integer' },
    rejected: { $ref: '#/components/schemas/Rejected' },
  },
}

/** google.rpc.Status, as OTLP has it. */
const status: JsonSchema = {
  type: 'object',
  required: ['message'],
  properties: { message: { type: 'string', description: 'What to do.' } },
}
