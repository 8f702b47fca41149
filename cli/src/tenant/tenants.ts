import { eventStream, jetstreamManager, type NatsConnection, tenantOfShard } from '@weir/mesh'

/** The tenants that have an event stream, in the order of their names. */
export async function tenantNames(nc: NatsConnection): Promise<readonly string[]> {
  const prefix = eventStream('')
  const manager = await jetstreamManager(nc)
  const names = new Set<string>()
  for await (const stream of manager.streams.names()) {
    if (stream.startsWith(prefix)) names.add(tenantOfShard(stream.slice(prefix.length)))
  }
  return [...names].sort()
}
