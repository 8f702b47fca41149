import { randomUUID } from 'node:crypto'
import { create, toBinary } from '@bufbuild/protobuf'
import type { Identity } from '@weir/mesh'
import { type Event, EventSchema, timestampFromMilliseconds, validateEvent, WeirError } from '@weir/proto'

/** An event that a client published, as it is stored. */
export interface PublishedEvent {
  readonly id: string
  readonly payload: Uint8Array
}

/** The event with this data, of which the client is the source. Throws `malformed`. */
export function publishedEvent(data: Uint8Array, { subject }: Identity): PublishedEvent {
  let value: string
  try {
    value = decoder.decode(data)
  } catch (cause) {
    throw new WeirError('malformed', 'The data of a publication must be JSON in UTF-8.', { cause })
  }
  const id = randomUUID()
  const time = timestampFromMilliseconds(Date.now()) as NonNullable<Event['time']>
  const source = `clients/${encodeURIComponent(subject)}`
  const event = create(EventSchema, { id, source, time, data: { case: 'json', value } })
  const fault = validateEvent(event)
  if (fault !== undefined) throw new WeirError('malformed', `The publication is refused: ${fault}`)
  return { id, payload: toBinary(EventSchema, event) }
}

const decoder = new TextDecoder('utf-8', { fatal: true })
