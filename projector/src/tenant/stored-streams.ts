import {
  bucketNames,
  bucketStream,
  deadLetterStream,
  eventStream,
  type NatsConnection,
  type StreamState,
  streamState,
} from '@weir/mesh'

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
    { name: 'events', kind: 'events', stream: eventStream(tenant) },
    ...buckets.map((name) => ({ name, kind: 'bucket', stream: bucketStream(tenant, name) }) as const),
    { name: 'dead-letters', kind: 'dead letters', stream: deadLetterStream(tenant) },
  ] as const
  return await Promise.all(
    streams.map(async ({ name, kind, stream }) => {
      const { messages, bytes, maxBytes, maxAgeMs } = await streamState(nc, stream)
      return { name, kind, messages, bytes, maxBytes, maxAgeMs }
    }),
  )
}
