import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf'
import { EventSchema } from '@weir/proto'

/** JSON Schema (draft 2020-12), as far as it is used here. */
export type JsonSchema = { readonly [keyword: string]: unknown }

/** The schemas of an item, which is an event in its JSON form with its subject, and of every message in it, by their names. */
export function itemSchemas(): Record<string, JsonSchema> {
  const schemas: Record<string, JsonSchema> = {}
  const event = messageSchema(EventSchema, schemas)
  const { json: _, ...properties } = event.properties
  schemas.Item = {
    type: 'object',
    description: 'An event with its subject; at most one of the kinds of data.',
    required: ['subject'],
    properties: {
      subject: { type: 'string', description: 'Dot-separated tokens of A-Z a-z 0-9 _ = -.', examples: ['rooms.r17'] },
      ...properties,
      data: { description: 'Any JSON value.' },
    },
    additionalProperties: false,
  }
  return schemas
}

interface ObjectSchema extends JsonSchema {
  readonly properties: Record<string, JsonSchema>
}

function messageSchema(message: DescMessage, schemas: Record<string, JsonSchema>): ObjectSchema {
  const properties: Record<string, JsonSchema> = {}
  for (const field of message.fields) properties[field.jsonName] = fieldSchema(field, schemas)
  return { type: 'object', properties, additionalProperties: false }
}

function fieldSchema(field: DescField, schemas: Record<string, JsonSchema>): JsonSchema {
  switch (field.fieldKind) {
    case 'scalar':
      return scalarSchema(field.scalar)
    case 'enum': {
      const prefix = field.enum.sharedPrefix?.toUpperCase() ?? ''
      return { type: 'string', enum: field.enum.values.map(({ name }) => name.replace(prefix, '')) }
    }
    case 'message':
      return referTo(field.message, schemas)
    case 'map':
      return {
        type: 'object',
        additionalProperties: field.mapKind === 'scalar' ? scalarSchema(field.scalar) : {},
      }
    case 'list':
      return { type: 'array' }
  }
}

function referTo(message: DescMessage, schemas: Record<string, JsonSchema>): JsonSchema {
  if (message.typeName === 'google.protobuf.Timestamp') {
    return {
      type: ['string', 'number'],
      description: 'RFC 3339, or milliseconds since 1970.',
      examples: ['2026-01-31T12:00:00Z'],
    }
  }
  if (message.typeName === 'google.protobuf.Any') {
    return { type: 'object', properties: { typeUrl: { type: 'string' }, value: scalarSchema(ScalarType.BYTES) } }
  }
  schemas[message.name] ??= messageSchema(message, schemas)
  return { $ref: `#/components/schemas/${message.name}` }
}

function scalarSchema(scalar: ScalarType): JsonSchema {
  switch (scalar) {
    case ScalarType.STRING:
      return { type: 'string' }
    case ScalarType.BYTES:
      return { type: 'string', contentEncoding: 'base64' }
    case ScalarType.BOOL:
      return { type: 'boolean' }
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return { type: 'number' }
    default:
      return { type: 'integer' }
  }
}
