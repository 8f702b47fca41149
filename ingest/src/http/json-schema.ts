import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf'

/** JSON Schema (draft 2020-12), as far as it is used here. */
export type JsonSchema = { readonly [keyword: string]: unknown }

export interface ObjectSchema extends JsonSchema {
  readonly type: 'object'
  readonly properties: Record<string, JsonSchema>
}

/**
 * The schema of a message in Weir's JSON: proto3 JSON, with enum values without their prefix. The
 * messages in it are added to `schemas` by their names, and referred to there.
 */
export function messageSchema(message: DescMessage, schemas: Record<string, JsonSchema>): ObjectSchema {
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
      return { type: 'array', items: itemSchema(field, schemas) }
  }
}

function itemSchema(
  field: DescField & { readonly fieldKind: 'list' },
  schemas: Record<string, JsonSchema>,
): JsonSchema {
  if (field.listKind === 'scalar') return scalarSchema(field.scalar)
  return field.listKind === 'message' ? referTo(field.message, schemas) : {}
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
    case ScalarType.INT64:
      return { type: ['string', 'integer'], description: 'Decimal text past 2^53.' }
    default:
      return { type: 'integer' }
  }
}
