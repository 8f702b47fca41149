import { eventStream, jetstreamManager, type NatsConnection } from '@weir/mesh'

/** The tenants that have an event stream, in the order of their names. */
export async function tenantNames(nc: NatsConnection): Promise<readonly string[]> {
  const prefix = eventStream('')
  const manager = await jetstreamManager(nc)
  const names: string[] = []
  for await (const stream of manager.streams.names()) {
    if (stream.startsWith(prefix)) names.push(stream.slice(prefix.length))
  }
  return names.sort()
}
