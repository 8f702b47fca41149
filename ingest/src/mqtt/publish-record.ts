import { fromBinary } from '@bufbuild/protobuf'
import { dataFromJson, type Event, EventSchema, timestampFromText, WeirError } from '@weir/proto'
import type { IPublishPacket, UserProperties } from 'mqtt-packet'
import { bodyText, jsonOf, utf8 } from '../body/body-text.ts'
import { isJson, parseContentType } from '../body/content-type.ts'
import type { IngestRecord } from '../encode/record.ts'
import { type Defaults, rejection, seal } from '../encode/seal.ts'
import { cloudEventJson } from '../formats/cloudevents/json-format.ts'
import { dataOfBody } from '../formats/data-of-body.ts'
import { topicSubject } from './topic.ts'

/** What is published, also as the will of a connection. */
export type Publication = Pick<IPublishPacket, 'topic' | 'properties'> & { readonly payload: Uint8Array }

/**
 * A message as a record: its topic is the subject, its payload the data. MQTT 5 can say more: the
 * content type, and user properties, of which `id`, `type`, `source`, `time` and `traceparent` are
 * the event's, and others its labels.
 */
export function publishRecord(index: number, publication: Publication, defaults: Defaults): IngestRecord {
  try {
    const { topic, properties } = publication
    const subject = topicSubject(topic)
    const contentType = parseContentType(properties?.contentType ?? null)
    const { mediaType } = contentType
    if (cloudEventJson.mediaTypes.includes(mediaType)) {
      const context = { contentType, headers: noHeaders, url: '', parameters: { subject }, defaults }
      return { ...(cloudEventJson.decode(publication.payload, context)[0] as IngestRecord), index }
    }
    const isEvent = protobufTypes.includes(mediaType)
    const event = isEvent ? eventOf(publication.payload) : dataEvent(publication, mediaType)
    if (properties?.userProperties !== undefined) setProperties(event, properties.userProperties)
    return seal(index, subject, event, defaults, !isEvent)
  } catch (thrown) {
    return rejection(index, thrown)
  }
}

/** The payload is a whole weir.v1.Event, of which the topic names the subject. */
const protobufTypes: readonly string[] = ['application/x-protobuf', 'application/protobuf']

function eventOf(payload: Uint8Array): Event {
  try {
    return fromBinary(EventSchema, payload, { readUnknownFields: false })
  } catch (cause) {
    throw new WeirError('malformed', 'The payload is not a weir.v1.Event in Protobuf.', { cause })
  }
}

function dataEvent({ payload, properties }: Publication, mediaType: string): Event {
  return {
    $typeName: 'weir.v1.Event',
    id: '',
    type: '',
    source: '',
    labels: {},
    traceparent: '',
    data: dataOf(payload, mediaType, properties?.contentType ?? ''),
  }
}

/** Without a type it is JSON where it can be read as JSON, else text, else bytes. */
function dataOf(payload: Uint8Array, mediaType: string, contentType: string): Event['data'] {
  if (mediaType !== '' && isJson(mediaType) && payload.length > 0) return jsonData(bodyText(payload))
  if (mediaType !== '' || payload.length === 0) return dataOfBody(payload, mediaType, contentType)
  const text = utf8(payload)
  if (text === undefined) return dataOfBody(payload, octets, octets)
  try {
    return jsonData(text)
  } catch {
    return dataOfBody(payload, 'text/plain', 'text/plain; charset=utf-8')
  }
}

const octets = 'application/octet-stream'

function jsonData(text: string): Event['data'] {
  return dataFromJson(jsonOf(text), text)
}

function setProperties(event: Event, properties: UserProperties): void {
  // A copy without a prototype, as a property may have any name.
  const labels: { [name: string]: string } = Object.assign(Object.create(null), event.labels)
  for (const [name, given] of Object.entries(properties)) {
    // Of one that is given several times the last stands.
    const value = typeof given === 'string' ? given : (given.at(-1) ?? '')
    if (name === 'id' || name === 'type' || name === 'source' || name === 'traceparent') event[name] = value
    else if (name === 'time') event.time = timeOf(value)
    else labels[name] = value
  }
  event.labels = labels
}

function timeOf(text: string): NonNullable<Event['time']> {
  const time = timestampFromText(text)
  if (time === undefined) throw new WeirError('malformed', 'time: is neither RFC 3339 nor a number since 1970.')
  return time
}

const noHeaders = new Headers()
