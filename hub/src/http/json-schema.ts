import { type DescEnum, type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf'

/** JSON Schema (draft 7), as far as it is used here. */
export interface JsonSchema {
  readonly [keyword: string]: unknown
}

/**
 * The schema of a message's JSON form, as Weir writes it, by the description that its code was
 * generated from.
 */
export function messageSchema(message: DescMessage): JsonSchema & { readonly properties: Record<string, JsonSchema> } {
  const properties = Object.fromEntries(message.fields.map((field) => [jsonName(field), fieldSchema(field)]))
  return { type: 'object', properties }
}

export function enumSchema({ values }: DescEnum): JsonSchema {
  return { type: 'string', enum: values.filter(({ number }) => number !== 0).map(({ localName }) => localName) }
}

/** JSON text under an event's `json` stands inline, as `data`. */
function jsonName(field: DescField): string {
  return field.parent.typeName === 'weir.v1.Event' && field.name === 'json' ? 'data' : field.jsonName
}

function fieldSchema(field: DescField): JsonSchema {
  if (jsonName(field) === 'data' && field.name === 'json') return { description: 'Any JSON value.' }
  switch (field.fieldKind) {
    case 'scalar':
      return scalarSchema(field.scalar)
    case 'enum':
      return enumSchema(field.enum)
    case 'message':
      return wellKnown[field.message.typeName] ?? messageSchema(field.message)
    case 'list':
      return { type: 'array', items: elementSchema(field) }
    case 'map':
      return { type: 'object', additionalProperties: elementSchema(field) }
  }
}

function elementSchema(field: DescField & { readonly fieldKind: 'list' | 'map' }): JsonSchema {
  if (field.message !== undefined) return wellKnown[field.message.typeName] ?? messageSchema(field.message)
  if (field.enum !== undefined) return enumSchema(field.enum)
  return scalarSchema(field.scalar as ScalarType)
}

function scalarSchema(scalar: ScalarType): JsonSchema {
  switch (scalar) {
    case ScalarType.STRING:
      return { type: 'string' }
    case ScalarType.BOOL:
      return { type: 'boolean' }
    case ScalarType.BYTES:
      return { type: 'string', contentEncoding: 'base64' }
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return { anyOf: [{ type: 'number' }, { enum: ['NaN', 'Infinity', '-Infinity'] }] }
    case ScalarType.UINT32:
    case ScalarType.UINT64:
      return { type: 'integer', minimum: 0 }
    default:
      return { type: 'integer' }
  }
}

/** Messages whose JSON form is not an object of their fields. */
const wellKnown: Readonly<Record<string, JsonSchema>> = {
  'google.protobuf.Timestamp': { type: 'string', format: 'date-time' },
  'google.protobuf.Any': {
    type: 'object',
    properties: { typeUrl: { type: 'string' }, value: { type: 'string', contentEncoding: 'base64' } },
  },
  'weir.v1.Cursor': { type: 'string', pattern: '^[0-9a-z]{1,11}-[0-9a-z]{1,11}$' },
}
