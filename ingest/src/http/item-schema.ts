import { EventSchema, type JsonSchema, messageSchema, type SchemaOptions } from '@weir/proto'

/** The schemas of an event in its JSON form, of an item (an event with its subject) and of every message in them, by name. */
export function itemSchemas(): Record<string, JsonSchema> {
  const schemas: Record<string, JsonSchema> = {}
  const options: SchemaOptions = {
    form: 'taken',
    refer(message) {
      schemas[message.name] ??= messageSchema(message, options)
      return { $ref: `#/components/schemas/${message.name}` }
    },
  }
  const event = messageSchema(EventSchema, options)
  schemas.Event = { ...event, description: 'At most one of the kinds of data.' }
  schemas.Item = {
    ...event,
    description: 'An event with its subject.',
    required: ['subject'],
    properties: {
      subject: { type: 'string', description: 'Dot-separated tokens of A-Z a-z 0-9 _ = -.', examples: ['rooms.r17'] },
      ...event.properties,
    },
  }
  return schemas
}
