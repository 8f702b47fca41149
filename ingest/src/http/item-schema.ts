import { EventSchema } from '@weir/proto'
import { type JsonSchema, messageSchema } from './json-schema.ts'

/** The schemas of an event in its JSON form, of an item (an event with its subject) and of every message in them, by name. */
export function itemSchemas(): Record<string, JsonSchema> {
  const schemas: Record<string, JsonSchema> = {}
  const { json: _, ...properties } = messageSchema(EventSchema, schemas).properties
  const event = { ...properties, data: { description: 'Any JSON value.' } }
  schemas.Event = {
    type: 'object',
    description: 'At most one of the kinds of data.',
    properties: event,
    additionalProperties: false,
  }
  schemas.Item = {
    type: 'object',
    description: 'An event with its subject.',
    required: ['subject'],
    properties: {
      subject: { type: 'string', description: 'Dot-separated tokens of A-Z a-z 0-9 _ = -.', examples: ['rooms.r17'] },
      ...event,
    },
    additionalProperties: false,
  }
  return schemas
}
