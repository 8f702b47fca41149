import { Buffer } from 'node:buffer'
import { decodeEvent, type Entry, type Event, eventToJson, formatTimestamp } from '@weir/proto'
import type { IPublishPacket } from 'mqtt-packet'
import { subjectTopic } from './topic.ts'

/**
 * An entry as a message of QoS 0, undefined for one that is none: the payload is its data as it was
 * sent, of a reading, alert and the like their JSON. MQTT 5 has the rest of the event in
 * properties.
 */
export function publishedEntry({ subject, content }: Entry, retain: boolean): IPublishPacket | undefined {
  if (content.case !== 'event') return undefined
  const event = eventOf(content.value)
  if (event === undefined) return undefined
  const { contentType, payload } = contentOf(event)
  const properties = { contentType, userProperties: propertiesOf(event) }
  return { cmd: 'publish', qos: 0, dup: false, retain, topic: subjectTopic(subject), payload, properties }
}

/**
 * Undefined where the bytes are none: whoever wrote them to the stream is not the client's affair.
 */
function eventOf(bytes: Uint8Array): Event | undefined {
  try {
    return decodeEvent(bytes)
  } catch {
    return undefined
  }
}

function contentOf(event: Event): { readonly contentType: string; readonly payload: string | Buffer } {
  const { data } = event
  if (data.case === undefined) return { contentType: '', payload: '' }
  if (data.case === 'binary') {
    return { contentType: data.value.contentType, payload: Buffer.from(data.value.data) }
  }
  const payload = data.case === 'json' ? data.value : JSON.stringify(eventToJson(event)[data.case])
  return { contentType: 'application/json', payload }
}

function propertiesOf({ id, type, source, time, traceparent, labels }: Event): Record<string, string> {
  const own: Record<string, string> = { id, type, source, traceparent }
  if (time !== undefined) own.time = formatTimestamp(time) ?? ''
  for (const name of Object.keys(own)) if (own[name] === '') delete own[name]
  return { ...labels, ...own }
}
