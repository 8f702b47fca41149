/**
 * The names of NATS streams and subjects, DESIGN section "NATS layout". Arguments are valid
 * already: a tenant, a bucket, a source and a subject as @weir/proto checks them.
 */

export function eventStream(tenant: string): string {
  return `EV_${tenant}`
}

export function eventSubject(tenant: string, subject: string): string {
  return `ev.${tenant}.${subject}`
}

/**
 * A tenant whose events are spread over several streams has a shard for each. Its name stands where
 * that of the tenant stands in the names of the stream and its subjects: no tenant has a `_`.
 */
export function shardName(tenant: string, index: number): string {
  return `${tenant}_${index}`
}

/** The tenant of a shard; a tenant of one stream is its own shard. */
export function tenantOfShard(shard: string): string {
  const end = shard.indexOf('_')
  return end < 0 ? shard : shard.slice(0, end)
}

/** The name of a bucket as NATS KV knows it. */
export function bucketName(tenant: string, bucket: string): string {
  return `${tenant}_${bucket}`
}

export function bucketStream(tenant: string, bucket: string): string {
  return `KV_${tenant}_${bucket}`
}

/** Where the value of a key is put. */
export function keySubject(tenant: string, bucket: string, key: string): string {
  return `$KV.${tenant}_${bucket}.${key}`
}

/**
 * What every republished subject of a source begins with; `.>` after it subscribes to all of the
 * source.
 */
export function liveSubject(tenant: string, source: string): string {
  // No tenant has this name.
  return source === meshBucketName ? `live._.${meshBucketName}` : `live.${tenant}.${source}`
}

/**
 * The stream that is behind a source. The source `mesh` is the same one for every tenant; who may
 * read it is the hub's rule.
 */
export function sourceStream(tenant: string, source: string): string {
  if (source === meshBucketName) return `KV_${meshBucketName}`
  return source === 'events' ? eventStream(tenant) : bucketStream(tenant, source)
}

/** What the subjects of a source begin with in its stream. */
export function sourceSubject(tenant: string, source: string): string {
  if (source === meshBucketName) return `$KV.${meshBucketName}`
  return source === 'events' ? `ev.${tenant}` : `$KV.${tenant}_${source}`
}

/** Events that a projection cannot take. */
export function deadLetterStream(tenant: string): string {
  return `DLQ_${tenant}`
}

export function deadLetterSubject(tenant: string, subject: string): string {
  return `dlq.${tenant}.${subject}`
}

/** The bucket of services' presence and load, and the source by which it is read. */
export const meshBucketName = 'mesh'

/** The bucket of one-time tickets. */
export const ticketBucketName = 'tickets'

/** Hubs tell each other things under this, by core NATS. */
export const hubControlSubject = 'weir.hub'
