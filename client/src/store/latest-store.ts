import { asWeirError, type WeirError } from '@weir/proto'
import { storeLimits } from '../limits.ts'
import { callSafely } from '../platform/call-safely.ts'
import { type Clock, systemClock } from '../platform/clock.ts'
import type { Readable } from '../session/connection-status.ts'
import type { Entry } from '../subscription/entry.ts'
import type { Subscription } from '../subscription/subscription.ts'
import type { GapItem, SubscriptionItem } from '../subscription/subscription-item.ts'
import { type LatestRow, LatestRows } from './latest-rows.ts'
import { nextFrame, type Schedule } from './next-frame.ts'

export interface LatestStoreOptions {
  /** Subjects that are held at most; the default is 10000. */
  readonly subjectsMax?: number
  /** A row without news for so long is `stale`; without, none ever is. */
  readonly staleMs?: number
  /**
   * A row that was removed is still there for so long, as `gone`; the default is 10 s, and 0 takes
   * it out at once.
   */
  readonly goneMs?: number
  /**
   * The default is the next animation frame, and 16 ms where there are none. A hidden page has none
   * until it is seen.
   */
  readonly schedule?: Schedule
  readonly clock?: Clock
}

/**
 * A store at one moment. Two of them are the same object exactly when nothing has changed between
 * them.
 */
export interface LatestSnapshot {
  readonly rows: ReadonlyMap<string, LatestRow>
  /**
   * Entries of subjects that found no place since the last reset. Above 0 the rows are not the
   * whole: ask for less.
   */
  readonly leftOut: number
  /** The last gap since the last reset: what it names may have been missed. */
  readonly gap: GapItem | undefined
  /** Why the subscription ended. */
  readonly error: WeirError | undefined
}

/**
 * The latest entry of each subject, for dashboards. However many entries arrive, watchers run once
 * a frame. `snapshot` with `onChange` is what React's useSyncExternalStore takes; `subscribe` makes
 * it a Svelte store whose value is one Map, changed in place. It reads the subscription to its end;
 * close the store, not the subscription.
 */
export class LatestStore implements Readable<ReadonlyMap<string, Entry>> {
  readonly #subscription: Subscription
  readonly #entries: Map<string, Entry> = new Map()
  readonly #rows: LatestRows
  readonly #watchers: Set<() => void> = new Set()
  readonly #schedule: Schedule
  readonly #clock: Clock
  readonly #ageEveryMs: number
  #snapshot: LatestSnapshot | undefined
  #gap: GapItem | undefined
  #scheduled = false
  /** Something came since the last frame. */
  #busy = false
  #error: WeirError | undefined
  #closed = false
  #cancelAge: (() => void) | undefined
  #cancelQuiet = (): void => {}

  /** Not for applications: `latestStore` makes them. */
  constructor(subscription: Subscription, options: LatestStoreOptions) {
    const { subjectsMax = storeLimits.subjectsMax, goneMs = storeLimits.goneMs } = options
    const { staleMs = Number.POSITIVE_INFINITY } = options
    this.#subscription = subscription
    this.#rows = new LatestRows({ subjectsMax, staleMs, goneMs })
    this.#schedule = options.schedule ?? nextFrame
    this.#clock = options.clock ?? systemClock
    this.#ageEveryMs = Math.max(Math.min(staleMs, goneMs || staleMs) / 4, storeLimits.ageMs)
    void this.#read()
  }

  /** The store as it is now, immutable. */
  get snapshot(): LatestSnapshot {
    this.#snapshot ??= { rows: this.#rows.copy(), leftOut: this.leftOut, gap: this.#gap, error: this.#error }
    return this.#snapshot
  }

  /** The Map as it is now, without what is gone. */
  get entries(): ReadonlyMap<string, Entry> {
    return this.#entries
  }

  get leftOut(): number {
    return this.#rows.leftOut
  }

  /** Why the subscription ended; watchers run once more then. */
  get error(): WeirError | undefined {
    return this.#error
  }

  /** Calls `run` after each change, once a frame at most, until what is returned is called. */
  onChange(run: () => void): () => void {
    // One function may be given twice.
    const watcher = (): void => run()
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  subscribe(run: (entries: ReadonlyMap<string, Entry>) => void): () => void {
    const forget = this.onChange(() => run(this.#entries))
    run(this.#entries)
    return forget
  }

  close(): void {
    this.#closed = true
    this.#cancelAge?.()
    this.#cancelQuiet()
    this.#watchers.clear()
    this.#subscription.close()
  }

  async #read(): Promise<void> {
    try {
      for await (const item of this.#subscription) if (this.#apply(item)) this.#changed()
    } catch (thrown) {
      this.#error = asWeirError(thrown)
      this.#changed()
    }
  }

  /** Whether anything is other than before. */
  #apply(item: SubscriptionItem): boolean {
    switch (item.type) {
      case 'entry':
        return this.#put(item)
      case 'removed':
        this.#entries.delete(item.subject)
        return this.#rows.remove(item.subject, this.#clock.now())
      case 'reset':
        this.#entries.clear()
        this.#rows.reset()
        this.#gap = undefined
        return true
      case 'gap':
        this.#gap = item
        return true
      case 'state':
        return false
    }
  }

  #put(entry: Entry): boolean {
    const own = entry.detached()
    if (this.#rows.put(own, this.#clock.now())) this.#entries.set(entry.subject, own)
    return true
  }

  #changed(): void {
    this.#busy = true
    this.#snapshot = undefined
    this.#ageLater()
    if (this.#scheduled || this.#closed) return
    this.#scheduled = true
    this.#schedule(() => this.#frame())
  }

  #frame(): void {
    this.#scheduled = false
    this.#busy = false
    for (const watcher of this.#watchers) callSafely(watcher, undefined)
    this.#cancelQuiet()
    this.#cancelQuiet = this.#clock.after(storeLimits.quietMs, () => {
      if (!this.#busy) this.#rows.endSnapshot()
    })
  }

  #ageLater(): void {
    if (this.#closed || !this.#rows.mayAge) return
    this.#cancelAge ??= this.#clock.after(this.#ageEveryMs, () => {
      this.#cancelAge = undefined
      if (this.#rows.age(this.#clock.now())) this.#changed()
      else this.#ageLater()
    })
  }
}

/** A store that reads this subscription, which should be in mode LATEST. */
export function latestStore(subscription: Subscription, options: LatestStoreOptions = {}): LatestStore {
  return new LatestStore(subscription, options)
}
