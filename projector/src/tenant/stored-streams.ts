import {
  bucketNames,
  bucketStream,
  deadLetterStream,
  type NatsConnection,
  type StreamState,
  streamState,
} from '@weir/mesh'
import { openSourceLog } from '../log/open-source-log.ts'

/** What a tenant has stored in NATS: how much of it, and what bounds it. */
export interface StoredStream extends Pick<StreamState, 'messages' | 'bytes' | 'maxBytes' | 'maxAgeMs'> {
  /** `events`, `dead-letters`, or the name of a bucket. */
  readonly name: string
  readonly kind: 'events' | 'bucket' | 'dead letters'
}

/** The events first, then the buckets by name, then the dead letters. Throws `unavailable`. */
export async function storedStreams(nc: NatsConnection, tenant: string): Promise<readonly StoredStream[]> {
  const buckets = [...(await bucketNames(nc, tenant))].sort()
  const streams = [
    ...buckets.map((name) => ({ name, kind: 'bucket', stream: bucketStream(tenant, name) }) as const),
    { name: 'dead-letters', kind: 'dead letters', stream: deadLetterStream(tenant) },
  ] as const
  const events = openSourceLog(nc, tenant, 'events').then((log) => log.state())
  return await Promise.all(
    [
      { name: 'events', kind: 'events', state: events } as const,
      ...streams.map((each) => ({ ...each, state: streamState(nc, each.stream) })),
    ].map(async ({ name, kind, state }) => {
      const { messages, bytes, maxBytes, maxAgeMs } = await state
      return { name, kind, messages, bytes, maxBytes, maxAgeMs }
    }),
  )
}
