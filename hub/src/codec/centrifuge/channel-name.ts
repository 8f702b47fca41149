import { WeirError } from '@weir/proto'
import type { Reads } from '../../engine/delivery/channel-kind.ts'
import { limits } from '../../limits.ts'

/** What the name of a Centrifuge channel says: `[source:]filter`. */
export interface ChannelName {
  readonly source: string
  readonly filter: string
}

/** Throws `malformed`. That source and filter are well-formed is for who subscribes to check. */
export function parseChannelName(name: string): ChannelName {
  const colon = name.indexOf(':')
  if (colon < 0) return { source: 'events', filter: name }
  const channel = { source: name.slice(0, colon), filter: name.slice(colon + 1) }
  // Publications carry the channel's one name, by which the client finds its subscription.
  if (channel.source === 'events') {
    const plain = channel.filter.slice(0, limits.quotedMax)
    throw new WeirError('malformed', `Events have no prefix: the channel is called ${plain}.`)
  }
  return channel
}

/** The one name of what a channel reads, which has one filter. */
export function channelNameOf({ source, filters }: Reads): string {
  return nameIn(source, filters[0] ?? '')
}

/** The name of a subject, or of a filter, in a source. */
export function nameIn(source: string, name: string): string {
  return source === 'events' ? name : `${source}:${name}`
}
