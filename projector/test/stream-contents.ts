import { fromBinary } from '@bufbuild/protobuf'
import { type NatsConnection, readStamp, StreamReader, sourceStream, sourceSubject } from '@weir/mesh'
import { type EventJson, EventSchema, eventToJson } from '@weir/proto'
import { EventRecord } from '../src/event/event-record.ts'
import { openSourceLog } from '../src/log/open-source-log.ts'
import { noPosition } from '../src/log/position.ts'

/** Every event that the streams of a tenant hold, in order. */
export async function storedEvents(nc: NatsConnection, tenant: string): Promise<readonly EventRecord[]> {
  const log = await openSourceLog(nc, tenant, 'events')
  const state = await log.state()
  const { epoch } = state
  const records: EventRecord[] = []
  const prefix = log.subjects.length
  const start = await log.start(noPosition, state, { warmUpMs: 0, reachMs: undefined, fromNow: false })
  await log.reader(['>'], start, noPosition).runToHead(({ subject, seq, storedAtMs, payload }) => {
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
