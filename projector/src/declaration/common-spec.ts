import { canonicalFilters } from '@weir/proto'
import type { KeyTemplate } from '../template/template.ts'

/** What every projection has, whatever its kind. */
export interface CommonSpec {
  /** One token; names the position, the metrics and the rule. */
  readonly name: string
  /** Subjects that it takes, canonical. */
  readonly from: readonly string[]
}

/** The bucket that a projection fills. */
export interface BucketSpec {
  readonly key: KeyTemplate
  readonly bucket: string
  readonly ttlMs: number
  /** How large the bucket may become. */
  readonly quotaBytes: number
}

export interface DeclaredBucketFilling {
  readonly name: string
  readonly from: readonly string[]
  readonly key: KeyTemplate
  readonly bucket: string | undefined
  readonly ttl: number
  readonly quota: number
}

export function bucketFilling({
  name,
  from,
  key,
  bucket = name,
  ttl,
  quota,
}: DeclaredBucketFilling): CommonSpec & BucketSpec {
  return { name, from: canonicalFilters(from), key, bucket, ttlMs: ttl, quotaBytes: quota }
}
