import { useMemo, useSyncExternalStore } from 'react'
import { type ConnectionSnapshot, snapshotsOf } from './session/connection-snapshot.ts'
import type { EventListSnapshot } from './store/event-list.ts'
import type { LatestSnapshot } from './store/latest-store.ts'
import type { LiveValue } from './store/live-value.ts'
import { type EventsOptions, type LatestOptions, watchEvents, watchLatest } from './watch.ts'
import type { Weir } from './weir.ts'

/**
 * The latest entry of each subject, for as long as the component is there. The snapshot and each
 * row are new objects exactly when they have changed, so rows may be memoized. Options are compared
 * as JSON.
 */
export function useLatest(weir: Weir, options: Omit<LatestOptions, 'schedule' | 'clock'>): LatestSnapshot {
  return useLiveValue(watchLatest, weir, options)
}

/** The newest events, the newest first, for as long as the component is there. */
export function useEvents(weir: Weir, options: Omit<EventsOptions, 'schedule'>): EventListSnapshot {
  return useLiveValue(watchEvents, weir, options)
}

/** The state of the connection, and why there is no new token, for a badge. */
export function useConnection(weir: Weir): ConnectionSnapshot {
  const { watch, read } = useMemo(
    () => ({
      watch: (run: () => void) => weir.connection.subscribe(run),
      read: snapshotsOf(weir.connection),
    }),
    [weir],
  )
  return useSyncExternalStore(watch, read, read)
}

function useLiveValue<Options, Snapshot>(
  make: (weir: Weir, options: Options) => LiveValue<Snapshot>,
  weir: Weir,
  options: Options,
): Snapshot {
  // Who renders writes the options anew each time.
  const asked = JSON.stringify(options)
  const { watch, read } = useMemo(() => {
    const live = make(weir, JSON.parse(asked) as Options)
    return { watch: (run: () => void) => live.onChange(run), read: () => live.value }
  }, [make, weir, asked])
  return useSyncExternalStore(watch, read, read)
}
