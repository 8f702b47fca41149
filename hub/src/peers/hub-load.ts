import type { Load } from '@weir/mesh'
import type { Hub } from '../hub/hub.ts'

/** How loaded a hub is, as it tells the mesh. */
export function hubLoad({ sources, admission, budget, socketBytes }: Hub): Load {
  const now = {
    connections: admission.connections,
    subscriptions: 0,
    behind: 0,
    channels: 0,
    ring_bytes: budget.ringBytes,
    latest_bytes: budget.keptBytes,
    socket_bytes: socketBytes,
  }
  for (const { source } of sources) {
    now.subscriptions += source.subscriberCount
    now.behind += source.behindCount
    now.channels += source.channelCount
  }
  const { deliveries: delivered, conflated } = sources.totals
  return {
    now,
    totals: { delivered, conflated },
    units: { ring_bytes: 'By', latest_bytes: 'By', socket_bytes: 'By' },
  }
}
