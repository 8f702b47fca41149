import { type DescEnum, type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf'

/** JSON Schema, in keywords that draft 7 (AsyncAPI) and 2020-12 (OpenAPI) have in common. */
export interface JsonSchema {
  readonly [keyword: string]: unknown
}

export interface ObjectSchema extends JsonSchema {
  readonly type: 'object'
  readonly properties: Readonly<Record<string, JsonSchema>>
}

export interface SchemaOptions {
  /** What Weir writes; or what it takes, which is more, but no property that it does not know. */
  readonly form: 'written' | 'taken'
  /**
   * The schema of a message within another one: a reference, say; by default it stands there whole.
   */
  readonly refer?: (message: DescMessage) => JsonSchema
}

/**
 * The schema of a message in Weir's JSON, by the description that its code was generated from:
 * proto3 JSON, with enum values without their prefix, and an event's `json` inline as `data`.
 */
export function messageSchema(message: DescMessage, options: SchemaOptions): ObjectSchema {
  const properties = Object.fromEntries(
    message.fields.map((field) =>
      isInlineJson(field)
        ? ['data', { description: 'Any JSON value.' }]
        : [field.jsonName, fieldSchema(field, options)],
    ),
  )
  return { type: 'object', properties, ...(options.form === 'taken' ? { additionalProperties: false } : {}) }
}

/**
 * The schemas of a message and of every message in it, by their names, as the components of an
 * OpenAPI document: each refers to the others there.
 */
export function componentSchemas(message: DescMessage, form: SchemaOptions['form']): Record<string, ObjectSchema> {
  const schemas: Record<string, ObjectSchema> = {}
  const add = (named: DescMessage): JsonSchema => {
    schemas[named.name] ??= messageSchema(named, { form, refer: add })
    return schemaReference(named.name)
  }
  add(message)
  return schemas
}

/** The schema of this name among the components of a document. */
export function schemaReference(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` }
}

/** An object that always has the first properties, and sometimes the others. */
export function objectSchema(
  always: Readonly<Record<string, JsonSchema>>,
  sometimes: Readonly<Record<string, JsonSchema>> = {},
): ObjectSchema {
  return { type: 'object', required: Object.keys(always), properties: { ...always, ...sometimes } }
}

export function enumSchema({ values }: DescEnum, { form }: SchemaOptions): JsonSchema {
  // Weir writes no value that says nothing.
  const said = form === 'taken' ? values : values.filter(({ number }) => number !== 0)
  return { type: 'string', enum: said.map(({ localName }) => localName) }
}

function isInlineJson({ parent, name }: DescField): boolean {
  return parent.typeName === 'weir.v1.Event' && name === 'json'
}

function fieldSchema(field: DescField, options: SchemaOptions): JsonSchema {
  switch (field.fieldKind) {
    case 'list':
      return { type: 'array', items: elementSchema(field, options) }
    case 'map':
      return { type: 'object', additionalProperties: elementSchema(field, options) }
    default:
      return elementSchema(field, options)
  }
}

/** Of a single value, an item of a list or a value of a map. */
function elementSchema(field: DescField, options: SchemaOptions): JsonSchema {
  if (field.message !== undefined) {
    const known = wellKnown[options.form][field.message.typeName]
    return known ?? options.refer?.(field.message) ?? messageSchema(field.message, options)
  }
  if (field.enum !== undefined) return enumSchema(field.enum, options)
  return scalarSchema(field.scalar as ScalarType, options)
}

function scalarSchema(scalar: ScalarType, { form }: SchemaOptions): JsonSchema {
  switch (scalar) {
    case ScalarType.STRING:
      return { type: 'string' }
    case ScalarType.BOOL:
      return { type: 'boolean' }
    case ScalarType.BYTES:
      return { type: 'string', contentEncoding: 'base64' }
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      if (form === 'taken') return { type: 'number' }
      return { anyOf: [{ type: 'number' }, { enum: ['NaN', 'Infinity', '-Infinity'] }] }
    case ScalarType.INT64:
      if (form === 'taken') return { type: ['string', 'integer'], description: 'Decimal text past 2^53.' }
      return { type: 'integer' }
    case ScalarType.UINT32:
    case ScalarType.UINT64:
      return { type: 'integer', minimum: 0 }
    default:
      return { type: 'integer' }
  }
}

const any: JsonSchema = {
  type: 'object',
  properties: { typeUrl: { type: 'string' }, value: { type: 'string', contentEncoding: 'base64' } },
}

/** A cursor as text. */
export const cursorSchema: JsonSchema = {
  type: 'string',
  pattern: '^[0-9a-z]{1,11}-[0-9a-z]{1,11}(_[0-9a-z]{1,11}-[0-9a-z]{1,11})*$',
}

/** Messages whose JSON form is not an object of their fields. */
const wellKnown: Readonly<Record<SchemaOptions['form'], Readonly<Record<string, JsonSchema>>>> = {
  written: {
    'google.protobuf.Timestamp': { type: 'string', format: 'date-time' },
    'google.protobuf.Any': any,
    'weir.v1.Cursor': cursorSchema,
  },
  taken: {
    'google.protobuf.Timestamp': {
      type: ['string', 'number'],
      description: 'RFC 3339, or milliseconds since 1970.',
      examples: ['2026-01-31T12:00:00Z'],
    },
    'google.protobuf.Any': any,
  },
}
