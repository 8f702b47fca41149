import { bucketNames, bucketStream, type NatsConnection, streamState } from '@weir/mesh'
import { BucketPositions } from '../bucket/bucket-positions.ts'
import type { ProjectionSpec } from '../declaration/projection-spec.ts'
import type { RemovedRules } from './removed-rules.ts'

/** What is stored of a tenant and belongs to no projection of the file any more. */
export interface Unowned {
  readonly buckets: readonly UnownedBucket[]
  /** Projections that have a position and are no more. */
  readonly positions: readonly string[]
  /** Open alerts whose rule is no more: they are resolved within moments. */
  readonly alerts: readonly string[]
}

export interface UnownedBucket {
  readonly bucket: string
  /** Values, and the markers of removals that are still there. */
  readonly entries: number
  readonly bytes: number
  /** The age at which its values go by themselves; 0 when they never do. */
  readonly ttlMs: number
}

/** Lists it. Throws `unavailable`. */
export async function unowned(
  nc: NatsConnection,
  tenant: string,
  specs: readonly ProjectionSpec[],
  rules: RemovedRules,
): Promise<Unowned> {
  const owned = new Set(specs.flatMap((spec) => ('bucket' in spec ? [spec.bucket] : [])))
  const names = (await bucketNames(nc, tenant)).filter((name) => !owned.has(name) && !kept.includes(name))
  const buckets = names.map(async (bucket): Promise<UnownedBucket> => {
    const { messages, bytes, maxAgeMs } = await streamState(nc, bucketStream(tenant, bucket))
    return { bucket, entries: messages, bytes, ttlMs: maxAgeMs }
  })
  const positions = new BucketPositions(nc, tenant)
  try {
    const known = await positions.names()
    return {
      buckets: await Promise.all(buckets),
      positions: known.filter((name) => !specs.some((spec) => spec.name === name)),
      alerts: (await rules.orphans()).map(({ id }) => id),
    }
  } finally {
    positions.close()
  }
}

/** Buckets that no projection fills, and that are in use. */
const kept: readonly string[] = ['positions', 'boards']
