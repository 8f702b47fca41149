import type { Event } from '../gen/weir/v1/event_pb.js'
import { emptyMessage } from '../wire/message.ts'
import { event } from '../wire/messages.ts'
import { parseJson } from './json-reader.ts'
import { memberText } from './json-slice.ts'
import { objectOf, readFields } from './message-json.ts'

/**
 * An Event from the text in which a server of Weir has written it, with `data` as it is written
 * there. `null`, an event that the server could not decode, has nothing in it. Throws `malformed`.
 */
export function receivedEvent(text: string): Event {
  const source = parseJson(text, 'event')
  const target = emptyMessage(event)
  if (source !== null) {
    const { data, ...rest } = objectOf(source, 'event')
    readFields(event, rest, target)
    // The only field whose name in JSON is another, and the only one whose text is kept.
    if (data !== undefined) target.data = { case: 'json', value: memberText(text, 'data') }
  }
  return target as unknown as Event
}
