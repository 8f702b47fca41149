import { eventShards, type NatsConnection } from '@weir/mesh'
import { ShardedLog } from './sharded-log.ts'
import type { SourceLog } from './source-log.ts'
import { StreamLog } from './stream-log.ts'

/** Throws `not_found` when there is no such source, or `unavailable`. */
export async function openSourceLog(nc: NatsConnection, tenant: string, source: string): Promise<SourceLog> {
  const shards = source === 'events' ? await eventShards(nc, tenant) : [tenant]
  return shards.length > 1 ? new ShardedLog(nc, tenant, shards) : new StreamLog(nc, tenant, source)
}
