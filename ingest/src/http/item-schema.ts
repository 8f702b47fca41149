import { componentSchemas, EventSchema, type JsonSchema } from '@weir/proto'

/**
 * The schemas of an event in its JSON form, of an item (an event with its subject) and of every
 * message in them, by name.
 */
export function itemSchemas(): Record<string, JsonSchema> {
  const schemas = componentSchemas(EventSchema, 'taken')
  const event = schemas.Event
  return {
    ...schemas,
    Event: { ...event, description: 'At most one of the kinds of data.' },
    Item: {
      ...event,
      description: 'An event with its subject.',
      required: ['subject'],
      properties: {
        subject: { type: 'string', description: 'Dot-separated tokens of A-Z a-z 0-9 _ = -.', examples: ['rooms.r17'] },
        ...event?.properties,
      },
    },
  }
}
