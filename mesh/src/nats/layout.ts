/**
 * The names of NATS streams and subjects, DESIGN section "NATS layout". Arguments are valid already: a tenant, a bucket, a
 * source and a subject as @weir/proto checks them.
 */

export function eventStream(tenant: string): string {
  return `EV_${tenant}`
}

export function eventSubject(tenant: string, subject: string): string {
  return `ev.${tenant}.${subject}`
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

/** What every republished subject of a source begins with; `.>` after it subscribes to all of the source. */
export function liveSubject(tenant: string, source: string): string {
  return `live.${tenant}.${source}`
}

/** The stream that is behind a source. */
export function sourceStream(tenant: string, source: string): string {
  return source === 'events' ? eventStream(tenant) : bucketStream(tenant, source)
}

/** What the subjects of a source begin with in its stream. */
export function sourceSubject(tenant: string, source: string): string {
  return source === 'events' ? `ev.${tenant}` : `$KV.${tenant}_${source}`
}

/** Events that a projection cannot take. */
export function deadLetterStream(tenant: string): string {
  return `DLQ_${tenant}`
}

export function deadLetterSubject(tenant: string, subject: string): string {
  return `dlq.${tenant}.${subject}`
}

/** The bucket of hubs' presence and load. */
export const meshBucketName = 'mesh'

/** Hubs tell each other things here, by core NATS. */
export const hubControlSubject = 'weir.hub'
