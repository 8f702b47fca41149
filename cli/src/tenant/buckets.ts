import { bucketStream, defaultTenantSpec, jetstreamManager, type NatsConnection } from '@weir/mesh'

export interface Bucket {
  readonly name: string
  /** Values and what marks removed ones. */
  readonly entries: number
  readonly bytes: number
}

/** The buckets of a tenant, in the order of their names. */
export async function bucketsOf(nc: NatsConnection, tenant: string): Promise<readonly Bucket[]> {
  const prefix = bucketStream(tenant, '')
  const manager = await jetstreamManager(nc)
  const buckets: Bucket[] = []
  for await (const { config, state } of manager.streams.list()) {
    if (!config.name.startsWith(prefix)) continue
    buckets.push({ name: config.name.slice(prefix.length), entries: state.messages, bytes: state.bytes })
  }
  return buckets.sort((one, other) => (one.name < other.name ? -1 : 1))
}

/** Whether every tenant has it, whatever its projections are. */
export function isDefaultBucket(name: string): boolean {
  return defaultTenantSpec.buckets.some((bucket) => bucket.name === name)
}

export async function dropBucket(nc: NatsConnection, tenant: string, name: string): Promise<void> {
  const manager = await jetstreamManager(nc)
  await manager.streams.delete(bucketStream(tenant, name))
}
