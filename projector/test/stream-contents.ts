import { fromBinary } from '@bufbuild/protobuf'
import { type NatsConnection, readStamp, StreamReader, sourceStream, sourceSubject, streamState } from '@weir/mesh'
import { type EventJson, EventSchema, eventToJson } from '@weir/proto'
import { EventRecord } from '../src/event/event-record.ts'

/** Every event that the stream of a tenant holds, in order. */
export async function storedEvents(nc: NatsConnection, tenant: string): Promise<readonly EventRecord[]> {
  const stream = sourceStream(tenant, 'events')
  const { epoch } = await streamState(nc, stream)
  const records: EventRecord[] = []
  const prefix = `${sourceSubject(tenant, 'events')}.`.length
  const reader = new StreamReader({ nc, stream, start: { seq: 1 } })
  await reader.runToHead(({ subject, seq, storedAtMs, payload }) => {
    records.push(new EventRecord(subject.slice(prefix), epoch, seq, storedAtMs, payload.slice()))
    return undefined
  })
  return records
}

export interface BucketEntry {
  /** Sequence of the event that the value comes from. */
  readonly seq: number
  readonly event: EventJson
}

/** What a bucket holds, by key. */
export async function bucketEntries(
  nc: NatsConnection,
  tenant: string,
  bucket: string,
): Promise<ReadonlyMap<string, BucketEntry>> {
  const entries = new Map<string, BucketEntry>()
  const prefix = `${sourceSubject(tenant, bucket)}.`.length
  const reader = new StreamReader({ nc, stream: sourceStream(tenant, bucket), start: 'latest' })
  await reader.runToHead((message) => {
    if (message.removal !== 0) return undefined
    const event = eventToJson(fromBinary(EventSchema, message.payload))
    entries.set(message.subject.slice(prefix), { seq: readStamp(message).seq, event })
    return undefined
  })
  return entries
}
