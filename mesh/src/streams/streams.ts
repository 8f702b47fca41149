import type { StreamConfig, StreamSource } from '@nats-io/jetstream'
import { WeirError, limits as wire } from '@weir/proto'
import { limits } from '../config/limits.ts'
import {
  bucketName,
  bucketStream,
  deadLetterStream,
  deadLetterSubject,
  eventStream,
  eventSubject,
  liveSubject,
  meshBucketName,
  shardName,
  sourceStream,
  sourceSubject,
  ticketBucketName,
} from './layout.ts'
import { SHARDS } from './stream-state.ts'

/** What a tenant is given. */
export interface TenantSpec {
  /** The oldest events go when the stream is larger. */
  readonly eventsMaxBytes: number
  readonly eventsMaxAgeMs: number
  /** Copies of each stream in a NATS cluster: 1, 3 or 5. */
  readonly replicas: number
  readonly buckets: readonly BucketSpec[]
  /**
   * JetStream domains of sites at the end of leaf nodes, whose events of this tenant are copied
   * into the stream.
   */
  readonly sites?: readonly string[]
  /**
   * Over how many streams its events are spread, for more than one stream can take; those that it
   * has when absent, and 1 for a new tenant. It cannot be changed.
   */
  readonly shards?: number
}

export interface BucketSpec {
  readonly name: string
  /**
   * A key that is not put again for this long is removed, and subscribers are told; 0 keeps keys
   * for ever.
   */
  readonly ttlMs: number
  /**
   * A new key, or a larger value, is refused with `quota_exceeded` when the bucket would be larger.
   */
  readonly maxBytes: number
}

export const defaultTenantSpec: TenantSpec = {
  eventsMaxBytes: 1024 ** 3,
  eventsMaxAgeMs: 24 * 3_600_000,
  replicas: 1,
  buckets: [
    { name: 'latest', ttlMs: 3_600_000, maxBytes: 256 * 1024 ** 2 },
    { name: 'alerts', ttlMs: 7 * 24 * 3_600_000, maxBytes: 64 * 1024 ** 2 },
    // Longer than a silence may last.
    { name: 'silences', ttlMs: 31 * 24 * 3_600_000, maxBytes: 16 * 1024 ** 2 },
    // What people save on the page; a board is kept until it is taken out.
    { name: 'boards', ttlMs: 0, maxBytes: 16 * 1024 ** 2 },
    // How far each projection has come; see StreamReader for why the server does not keep it.
    { name: 'positions', ttlMs: 0, maxBytes: 4 * 1024 ** 2 },
  ],
}

/** Presence and load of the hubs: a hub that stops saying it is there is gone after the TTL. */
export const meshBucket: BucketSpec = { name: meshBucketName, ttlMs: limits.presenceMs, maxBytes: 16 * 1024 ** 2 }

/**
 * Stand-ins for a token that can be used once. Nothing of it is republished; a flood pushes out the
 * oldest.
 */
export const ticketBucket: BucketSpec = {
  name: ticketBucketName,
  ttlMs: limits.ticketMs,
  maxBytes: 16 * 1024 ** 2,
}

/** The part of a stream's configuration that Weir decides; the rest is the server's. */
export type PlannedStream = Pick<
  StreamConfig,
  | 'name'
  | 'storage'
  | 'retention'
  | 'discard'
  | 'max_bytes'
  | 'max_age'
  | 'max_msg_size'
  | 'max_msgs_per_subject'
  | 'num_replicas'
  | 'allow_direct'
> &
  Partial<StreamConfig>

/** A stream that takes messages itself, where a mirror copies those of another. */
export type StreamPlan = PlannedStream & Pick<StreamConfig, 'subjects' | 'duplicate_window'>

/**
 * Every stream of a tenant. Throws `invalid` for a bucket that could not be read, since its name is
 * taken, and for a number of shards that cannot be.
 */
export function tenantStreams(tenant: string, spec: TenantSpec): readonly StreamPlan[] {
  for (const { name } of spec.buckets) {
    if (name === 'events' || name === meshBucketName) {
      throw new WeirError('invalid', `A bucket cannot be called "${name}": that is a source already.`)
    }
  }
  const { shards = 1 } = spec
  if (!Number.isInteger(shards) || shards < 1 || shards > wire.shardsMax) {
    throw new WeirError('invalid', `The events of a tenant have from 1 to ${wire.shardsMax} shards, not ${shards}.`)
  }
  return [
    ...eventPlans(tenant, spec, shards),
    deadLetterPlan(tenant, spec),
    ...spec.buckets.map((bucket) => ({
      ...bucketPlan(bucketStream(tenant, bucket.name), bucketName(tenant, bucket.name), bucket, spec.replicas),
      republish: { src: `$KV.${bucketName(tenant, bucket.name)}.>`, dest: `${liveSubject(tenant, bucket.name)}.>` },
    })),
  ]
}

/** The streams that belong to no tenant. */
export function meshStreams(replicas: number): readonly StreamPlan[] {
  const { name } = meshBucket
  const src = `${sourceSubject('', name)}.>`
  return [
    {
      ...bucketPlan(sourceStream('', name), name, meshBucket, replicas),
      republish: { src, dest: `${liveSubject('', name)}.>` },
    },
    {
      ...bucketPlan(`KV_${ticketBucketName}`, ticketBucketName, ticketBucket, replicas),
      // Nobody watches tickets expire, and a full bucket would refuse to redeem as well.
      subject_delete_marker_ttl: 0,
      discard: 'old',
    },
  ]
}

/**
 * The streams of the events. Of several, the first is made last: services look for it, so that they
 * find all of them or none.
 */
function eventPlans(tenant: string, spec: TenantSpec, shards: number): readonly StreamPlan[] {
  if (shards === 1) return [eventPlan(tenant, spec, spec.eventsMaxBytes)]
  const plans = Array.from({ length: shards }, (_, index) => ({
    ...eventPlan(shardName(tenant, index), spec, Math.ceil(spec.eventsMaxBytes / shards)),
    metadata: { [SHARDS]: String(shards) },
  }))
  return plans.reverse()
}

function eventPlan(tenant: string, spec: TenantSpec, maxBytes: number): StreamPlan {
  return {
    ...common(eventStream(tenant), [eventSubject(tenant, '>')], spec.replicas),
    max_bytes: maxBytes,
    max_age: nanos(spec.eventsMaxAgeMs),
    duplicate_window: nanos(Math.min(limits.dedupeWindowMs, spec.eventsMaxAgeMs)),
    max_msgs_per_subject: -1,
    deny_delete: true,
    republish: { src: eventSubject(tenant, '>'), dest: `${liveSubject(tenant, 'events')}.>` },
    ...(spec.sites === undefined ? {} : { sources: spec.sites.map((site) => siteSource(tenant, site)) }),
  }
}

function siteSource(tenant: string, site: string): StreamSource {
  return { name: eventStream(tenant), external: { api: `$JS.${site}.API`, deliver: '' } }
}

function deadLetterPlan(tenant: string, spec: TenantSpec): StreamPlan {
  return {
    ...common(deadLetterStream(tenant), [deadLetterSubject(tenant, '>')], spec.replicas),
    max_bytes: limits.deadLetterBytesMax,
    max_age: nanos(limits.deadLetterAgeMaxMs),
    max_msgs_per_subject: -1,
  }
}

function bucketPlan(stream: string, bucket: string, spec: BucketSpec, replicas: number): StreamPlan {
  return {
    ...common(stream, [`$KV.${bucket}.>`], replicas),
    max_bytes: spec.maxBytes,
    max_age: nanos(spec.ttlMs),
    // Keys that were pushed out would go without a removal, and every hub would show them for ever.
    discard: 'new',
    // The server refuses a window that is longer than the age.
    duplicate_window: nanos(spec.ttlMs === 0 ? limits.dedupeWindowMs : Math.min(spec.ttlMs, limits.dedupeWindowMs)),
    max_msgs_per_subject: 1,
    // A marker takes the place of a key that expires, so expiry can be seen. The server wants both
    // of these with it.
    subject_delete_marker_ttl: nanos(limits.expiryMarkerMs),
    allow_msg_ttl: true,
    allow_rollup_hdrs: true,
  }
}

function common(name: string, subjects: string[], replicas: number) {
  return {
    name,
    subjects,
    storage: 'file',
    retention: 'limits',
    discard: 'old',
    duplicate_window: nanos(limits.dedupeWindowMs),
    max_msg_size: wire.eventBytesMax + limits.headerBytesMax,
    num_replicas: replicas,
    allow_direct: true,
  } as const
}

function nanos(ms: number): number {
  return ms * 1_000_000
}
