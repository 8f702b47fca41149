import type { DescMessage } from '@bufbuild/protobuf'
import { ClientFrameSchema, ServerFrameSchema } from '@weir/proto'
import { itemSchemas } from './item-schema.ts'
import { type JsonSchema, messageSchema } from './json-schema.ts'

/** An AsyncAPI 3.0 document. */
export interface AsyncApi {
  readonly asyncapi: '3.0.0'
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly channels: JsonSchema
  readonly operations: JsonSchema
  readonly components: { readonly messages: Record<string, JsonSchema>; readonly schemas: Record<string, JsonSchema> }
}

/** The hub's WebSocket in its JSON form, from the messages of wire.proto. */
export function asyncApi(): AsyncApi {
  const schemas = { ...itemSchemas() }
  const messages: Record<string, JsonSchema> = {}
  const sent = frames(ClientFrameSchema, messages, schemas)
  const received = frames(ServerFrameSchema, messages, schemas)
  schemas.Entry = entry
  const channel = { $ref: '#/channels/hub' }
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Weir hub',
      version: '1',
      description:
        'One frame a message, subprotocol weir.v1.json; weir.v1 has the same frames in Protobuf (wire.proto).',
    },
    channels: {
      hub: {
        address: '/v1/ws',
        messages: Object.fromEntries(
          Object.keys(messages).map((name) => [name, { $ref: `#/components/messages/${name}` }]),
        ),
        bindings: {
          ws: {
            method: 'GET',
            headers: {
              type: 'object',
              properties: {
                Authorization: { type: 'string', description: 'Bearer <token>; or the token comes in hello.' },
                'Sec-WebSocket-Protocol': { type: 'string', const: 'weir.v1.json' },
              },
            },
          },
        },
      },
    },
    operations: {
      send: { action: 'send', channel, messages: sent.map(messageOfChannel) },
      receive: { action: 'receive', channel, messages: received.map(messageOfChannel) },
    },
    components: { messages, schemas },
  }
}

/** Adds a message for each frame; the names of the frames. */
function frames(
  frame: DescMessage,
  messages: Record<string, JsonSchema>,
  schemas: Record<string, JsonSchema>,
): readonly string[] {
  const names: string[] = []
  for (const field of frame.fields) {
    if (field.fieldKind !== 'message') continue
    const name = field.jsonName
    const { properties } = messageSchema(field.message, schemas)
    messages[name] = {
      name,
      contentType: 'application/json',
      payload: { type: 'object', required: ['type'], properties: { type: { const: name }, ...properties } },
    }
    names.push(name)
  }
  return names
}

function messageOfChannel(name: string): JsonSchema {
  return { $ref: `#/channels/hub/messages/${name}` }
}

/** In JSON an entry has its event inline, or says by which removal the subject's value went. */
const entry: JsonSchema = {
  type: 'object',
  required: ['subject', 'seq'],
  properties: {
    subject: { type: 'string' },
    seq: { type: 'integer' },
    event: { $ref: '#/components/schemas/Event' },
    removed: { type: 'string', enum: ['DELETED', 'EXPIRED'] },
  },
}
