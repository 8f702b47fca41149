import {
  ClientFrameSchema,
  closeCode,
  EventSchema,
  enumSchema,
  errorCodes,
  httpStatus,
  isRetryable,
  type JsonSchema,
  messageSchema,
  RemovalSchema,
  type SchemaOptions,
  ServerFrameSchema,
  ShardSchema,
  shouldReconnect,
} from '@weir/proto'
import manifest from '../../package.json' with { type: 'json' }
import { limits } from '../limits.ts'
import { bearerProtocol, weirDialects } from './handshake.ts'
import { parameters } from './sse-endpoint.ts'

/** The hub's protocol as an AsyncAPI 3.0 document, from what the code itself goes by. */
export function asyncApiDocument(bounds: AsyncApiBounds): AsyncApi {
  const clientFrames = frameMessages(ClientFrameSchema, ['type'])
  const serverFrames = frameMessages(ServerFrameSchema, undefined)
  const streamEvents = sseMessages()
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Weir hub',
      version: manifest.version,
      description:
        'Every subscriber is a cursor: subscribe by filter, resume anywhere. docs/protocol.md has the rules.',
      license: { name: manifest.license },
    },
    defaultContentType: 'application/json',
    servers: { hub: server('ws'), hubHttp: server('http') },
    channels: {
      webSocket: {
        address: '/v1/ws',
        description: `Subprotocols: weir.v1 (Protobuf, proto/weir/v1/wire.proto) and weir.v1.json (the messages here). A token may come in a further subprotocol ${bearerProtocol}<base64url of the token>.`,
        servers: [{ $ref: '#/servers/hub' }],
        messages: references([...Object.keys(clientFrames), ...Object.keys(serverFrames)]),
        bindings: {
          ws: {
            method: 'GET',
            headers: {
              type: 'object',
              properties: { 'Sec-WebSocket-Protocol': { type: 'string', enum: Object.keys(weirDialects) } },
            },
            bindingVersion: '0.1.0',
          },
        },
      },
      eventStream: {
        address: '/v1/sse',
        description: 'Server-sent events. The id of an event is the cursor after it; Last-Event-ID resumes there.',
        servers: [{ $ref: '#/servers/hubHttp' }],
        messages: references(Object.keys(streamEvents)),
      },
    },
    operations: {
      takeFrame: operation('receive', 'webSocket', Object.keys(clientFrames)),
      sendFrame: operation('send', 'webSocket', Object.keys(serverFrames)),
      streamEvents: {
        ...operation('send', 'eventStream', Object.keys(streamEvents)),
        bindings: { http: { method: 'GET', query: querySchema(), bindingVersion: '0.3.0' } },
      },
    },
    components: {
      messages: { ...clientFrames, ...serverFrames, ...streamEvents },
      schemas: { event: messageSchema(EventSchema, written), entry: entrySchema() },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        ticket: { type: 'httpApiKey', in: 'query', name: 'ticket', description: 'Of POST /v1/tickets; good once.' },
      },
    },
    'x-limits': {
      frameBytesMax: limits.frameBytesMax,
      intervalMsMax: limits.intervalMsMax,
      helloMs: limits.helloMs,
      ...pick(bounds),
    },
    'x-errors': errorCodes.map((code) => ({
      code,
      retryable: isRetryable(code),
      httpStatus: httpStatus(code),
      closeCode: closeCode(code),
      reconnect: shouldReconnect(closeCode(code)),
    })),
  }
}

export interface AsyncApi {
  readonly asyncapi: string
  readonly servers: Readonly<Record<string, object>>
  readonly channels: Readonly<Record<string, Channel>>
  readonly operations: Readonly<Record<string, Operation>>
  readonly components: {
    readonly messages: Readonly<Record<string, { readonly payload: JsonSchema }>>
    readonly schemas: Readonly<Record<string, JsonSchema>>
    readonly securitySchemes: Readonly<Record<string, object>>
  }
  readonly [key: string]: unknown
}

interface Channel {
  readonly address: string
  readonly messages: Readonly<Record<string, Reference>>
  readonly [key: string]: unknown
}

interface Operation {
  readonly action: 'send' | 'receive'
  readonly channel: Reference
  readonly messages: readonly Reference[]
  readonly [key: string]: unknown
}

export interface AsyncApiBounds {
  readonly subscriptionsMax: number
  readonly filtersMax: number
  readonly framesPerSecond: number
  readonly windowBytesMax: number
  readonly heartbeatMs: number
  readonly stallMs: number
}

interface Reference {
  readonly $ref: string
}

type Messages = Readonly<Record<string, { readonly name: string; readonly payload: JsonSchema }>>

/**
 * A message for each frame of the oneof. `required` as given, or every field but those that are
 * left out at times.
 */
function frameMessages(
  frame: typeof ClientFrameSchema | typeof ServerFrameSchema,
  required?: readonly string[],
): Messages {
  const messages: Record<string, { name: string; payload: JsonSchema }> = {}
  for (const field of frame.fields) {
    if (field.fieldKind !== 'message') continue
    // In JSON a cursor of several positions is one text.
    const { cursors: _, ...properties } = messageSchema(field.message, written).properties
    const own = { type: { const: field.jsonName }, ...properties, ...(overrides[field.jsonName] ?? {}) }
    const optional = sometimes[field.jsonName] ?? []
    const payload = {
      type: 'object',
      required: required ?? Object.keys(own).filter((name) => !optional.includes(name)),
      properties: own,
    }
    messages[field.jsonName] = { name: field.jsonName, payload }
  }
  return messages
}

const written: SchemaOptions = { form: 'written' }

/** Where the JSON form of a frame differs from its Protobuf form. */
const overrides: Readonly<Record<string, Readonly<Record<string, JsonSchema>>>> = {
  batch: {
    cursor: { type: 'string' },
    entries: { type: 'array', items: { $ref: '#/components/schemas/entry' } },
  },
  subscribed: { shards: { type: 'array', items: messageSchema(ShardSchema, written) } },
}

/** What frames of a server have at times. */
const sometimes: Readonly<Record<string, readonly string[]>> = {
  batch: ['uncounted'],
  // Either the first two, or the third.
  subscribed: ['channel', 'cursor', 'shards'],
  gap: ['channel'],
}

function entrySchema(): JsonSchema {
  return {
    type: 'object',
    description: 'An event, or the removal of what its subject held.',
    required: ['subject', 'seq'],
    properties: {
      subject: { type: 'string' },
      seq: { type: 'integer', minimum: 1 },
      event: {
        description: 'Null where what is stored cannot be decoded.',
        anyOf: [{ $ref: '#/components/schemas/event' }, { type: 'null' }],
      },
      removed: enumSchema(RemovalSchema, written),
    },
  }
}

function sseMessages(): Messages {
  const entry = { $ref: '#/components/schemas/entry' }
  const number = { type: 'integer' }
  const text = { type: 'string' }
  const payloads: Readonly<Record<string, JsonSchema>> = {
    message: entry,
    removed: entry,
    reset: object({ cursor: text }),
    gap: object({ from: number, to: number, reason: text }),
    goaway: object({ reason: text, reconnectAfterMs: number }),
    closed: object({ code: number, reason: text }),
  }
  return Object.fromEntries(Object.entries(payloads).map(([name, payload]) => [`sse-${name}`, { name, payload }]))
}

function querySchema(): JsonSchema {
  return object(Object.fromEntries(parameters.map((name) => [name, { type: 'string' }])), [])
}

function object(
  properties: Readonly<Record<string, JsonSchema>>,
  required: readonly string[] = Object.keys(properties),
) {
  return { type: 'object', required, properties }
}

function server(protocol: string): object {
  return { host: '{host}', protocol, variables: { host: { default: '127.0.0.1:8080' } } }
}

function references(names: readonly string[]): Readonly<Record<string, Reference>> {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/messages/${name}` }]))
}

function operation(action: 'send' | 'receive', channel: string, names: readonly string[]): Operation {
  return {
    action,
    channel: { $ref: `#/channels/${channel}` },
    messages: names.map((name) => ({ $ref: `#/channels/${channel}/messages/${name}` })),
    security: [{ $ref: '#/components/securitySchemes/bearer' }, { $ref: '#/components/securitySchemes/ticket' }],
  }
}

/** No more than is named: the settings hold much that is nobody's business. */
function pick(bounds: AsyncApiBounds): AsyncApiBounds {
  const { subscriptionsMax, filtersMax, framesPerSecond, windowBytesMax, heartbeatMs, stallMs } = bounds
  return { subscriptionsMax, filtersMax, framesPerSecond, windowBytesMax, heartbeatMs, stallMs }
}
