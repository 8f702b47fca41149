import { type ConnectionSnapshot, snapshotsOf } from './session/connection-snapshot.ts'
import type { Readable } from './session/connection-status.ts'
import type { EventListSnapshot } from './store/event-list.ts'
import type { LatestSnapshot } from './store/latest-store.ts'
import { type EventsOptions, type LatestOptions, watchEvents, watchLatest } from './watch.ts'
import type { Weir } from './weir.ts'

// Svelte's stores are a contract, not a library: `$rows` in a component subscribes, and
// unsubscribes when it goes.

/**
 * The latest entry of each subject: `const latest = useLatest(weir, { filter })`, then
 * `$latest.rows`.
 */
export function useLatest(weir: Weir, options: LatestOptions): Readable<LatestSnapshot> {
  return watchLatest(weir, options)
}

/** The newest events, the newest first: `$events.events`. */
export function useEvents(weir: Weir, options: EventsOptions): Readable<EventListSnapshot> {
  return watchEvents(weir, options)
}

/** The state of the connection, `$connection.state`, and why there is no new token. */
export function useConnection({ connection }: Weir): Readable<ConnectionSnapshot> {
  const read = snapshotsOf(connection)
  return { subscribe: (run) => connection.subscribe(() => run(read())) }
}
