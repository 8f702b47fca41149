import { EventList, type EventListOptions, type EventListSnapshot } from './store/event-list.ts'
import { type LatestSnapshot, LatestStore, type LatestStoreOptions } from './store/latest-store.ts'
import { LiveValue } from './store/live-value.ts'
import type { SubscribeOptions } from './subscription/subscription.ts'
import type { Weir } from './weir.ts'

export type LatestOptions = Omit<SubscribeOptions, 'mode'> & LatestStoreOptions

export type EventsOptions = Omit<SubscribeOptions, 'mode' | 'intervalMs'> & EventListOptions

/** The latest entry of each subject, live while somebody watches. */
export function watchLatest(weir: Weir, options: LatestOptions): LiveValue<LatestSnapshot> {
  const empty: LatestSnapshot = { rows: new Map(), leftOut: 0, gap: undefined, error: undefined }
  return new LiveValue(empty, () => new LatestStore(weir.subscribe({ ...options, mode: 'LATEST' }), options))
}

/** Every event from now on, of which the newest are kept, live while somebody watches. */
export function watchEvents(weir: Weir, options: EventsOptions): LiveValue<EventListSnapshot> {
  const empty: EventListSnapshot = { events: [], count: 0, gap: undefined, error: undefined }
  return new LiveValue(empty, () => new EventList(weir.subscribe({ ...options, mode: 'ALL' }), options))
}
