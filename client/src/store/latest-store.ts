import { asWeirError, type WeirError } from '@weir/proto'
import { clientLimits } from '../limits.ts'
import { callSafely } from '../platform/call-safely.ts'
import type { Readable } from '../session/connection-status.ts'
import type { Entry } from '../subscription/entry.ts'
import type { Subscription } from '../subscription/subscription.ts'
import type { SubscriptionItem } from '../subscription/subscription-item.ts'

/** Runs the action soon: at most once between two pictures. */
export type Schedule = (action: () => void) => void

export interface LatestStoreOptions {
  /** Subjects that are held at most; the default is 10000. */
  readonly subjectsMax?: number
  /** The default is the next animation frame, and 16 ms where there are none. */
  readonly schedule?: Schedule
}

/**
 * The latest entry of each subject, for dashboards: a Svelte store whose value is one Map, changed in place. However many
 * entries arrive, watchers run once a frame. It reads the subscription to its end; close the store, not the subscription.
 */
export class LatestStore implements Readable<ReadonlyMap<string, Entry>> {
  readonly #subscription: Subscription
  readonly #entries: Map<string, Entry> = new Map()
  readonly #watchers: Set<(entries: ReadonlyMap<string, Entry>) => void> = new Set()
  readonly #subjectsMax: number
  readonly #schedule: Schedule
  #scheduled = false
  #leftOut = 0
  #error: WeirError | undefined
  #closed = false

  /** Not for applications: `latestStore` makes them. */
  constructor(subscription: Subscription, options: LatestStoreOptions) {
    this.#subscription = subscription
    this.#subjectsMax = options.subjectsMax ?? clientLimits.storeSubjectsMax
    this.#schedule = options.schedule ?? nextFrame
    void this.#read()
  }

  /** The Map as it is now. */
  get entries(): ReadonlyMap<string, Entry> {
    return this.#entries
  }

  /** Entries of subjects that found no place since the last reset. Above 0 the Map is not the whole: ask for less. */
  get leftOut(): number {
    return this.#leftOut
  }

  /** Why the subscription ended; watchers run once more then. */
  get error(): WeirError | undefined {
    return this.#error
  }

  subscribe(run: (entries: ReadonlyMap<string, Entry>) => void): () => void {
    const watcher = (entries: ReadonlyMap<string, Entry>) => run(entries)
    this.#watchers.add(watcher)
    watcher(this.#entries)
    return () => this.#watchers.delete(watcher)
  }

  close(): void {
    this.#closed = true
    this.#watchers.clear()
    this.#subscription.close()
  }

  async #read(): Promise<void> {
    try {
      for await (const item of this.#subscription) if (this.#apply(item)) this.#notifySoon()
    } catch (thrown) {
      this.#error = asWeirError(thrown)
      this.#notifySoon()
    }
  }

  /** Whether the Map has changed. */
  #apply(item: SubscriptionItem): boolean {
    switch (item.type) {
      case 'entry':
        return this.#put(item)
      case 'removed':
        return this.#entries.delete(item.subject)
      case 'reset':
        this.#entries.clear()
        this.#leftOut = 0
        return true
      case 'gap':
      case 'state':
        return false
    }
  }

  #put(entry: Entry): boolean {
    if (this.#entries.size >= this.#subjectsMax && !this.#entries.has(entry.subject)) {
      this.#leftOut++
      return false
    }
    this.#entries.set(entry.subject, entry.detached())
    return true
  }

  #notifySoon(): void {
    if (this.#scheduled || this.#closed) return
    this.#scheduled = true
    this.#schedule(() => {
      this.#scheduled = false
      for (const watcher of this.#watchers) callSafely(watcher, this.#entries)
    })
  }
}

/** A store that reads this subscription, which should be in mode LATEST. */
export function latestStore(subscription: Subscription, options: LatestStoreOptions = {}): LatestStore {
  return new LatestStore(subscription, options)
}

function nextFrame(action: () => void): void {
  if (typeof globalThis.requestAnimationFrame === 'function') globalThis.requestAnimationFrame(action)
  else setTimeout(action, 16)
}
