import type { Event } from '../gen/weir/v1/event_pb.js'
import { emptyMessage } from '../wire/message.ts'
import { event } from '../wire/messages.ts'
import type { JsonEvent } from './json-event.ts'
import { parseJson } from './json-reader.ts'
import { memberText } from './json-slice.ts'
import { objectOf, readFields } from './message-json.ts'

/**
 * An Event from what a server of Weir has written, a text or a part of a frame, with `data` as it
 * is written there. `null`, an event that the server could not decode, has nothing in it. Throws
 * `malformed`.
 */
export function receivedEvent(received: string | JsonEvent): Event {
  const source = typeof received === 'string' ? parseJson(received, 'event') : received.value
  const target = emptyMessage(event)
  if (source !== null) {
    const { data, ...rest } = objectOf(source, 'event')
    readFields(event, rest, target)
    if (data !== undefined) {
      const text = typeof received === 'string' ? received : received.text
      // The only field whose name in JSON is another, and the only one whose text is kept.
      target.data = { case: 'json', value: memberText(text, 'data') }
    }
  }
  return target as unknown as Event
}
