import { asWeirError, type WeirError } from '@weir/proto'
import { storeLimits } from '../limits.ts'
import { callSafely } from '../platform/call-safely.ts'
import type { Entry } from '../subscription/entry.ts'
import type { Subscription } from '../subscription/subscription.ts'
import type { GapItem } from '../subscription/subscription-item.ts'
import { nextFrame, type Schedule } from './next-frame.ts'

export interface EventListOptions {
  /** Events that are held at most, the newest; the default is 100. */
  readonly eventsMax?: number
  /** The default is the next animation frame, and 16 ms where there are none. */
  readonly schedule?: Schedule
}

/**
 * A list at one moment. Two of them are the same object exactly when nothing has changed between
 * them.
 */
export interface EventListSnapshot {
  /** The newest first. */
  readonly events: readonly Entry[]
  /** Events that came since the list began, those that it dropped as well. */
  readonly count: number
  /** The last gap: what it names was missed. */
  readonly gap: GapItem | undefined
  /** Why the subscription ended. */
  readonly error: WeirError | undefined
}

/**
 * The newest events of a subscription in mode ALL, for a feed on a page: bounded, and told once a
 * frame.
 */
export class EventList {
  readonly #subscription: Subscription
  readonly #eventsMax: number
  readonly #schedule: Schedule
  readonly #watchers: Set<() => void> = new Set()
  /** The oldest first; cut when it is twice as long as it may be. */
  #events: Entry[] = []
  #count = 0
  #gap: GapItem | undefined
  #error: WeirError | undefined
  #snapshot: EventListSnapshot | undefined
  #scheduled = false

  constructor(subscription: Subscription, options: EventListOptions = {}) {
    this.#subscription = subscription
    this.#eventsMax = options.eventsMax ?? storeLimits.eventsMax
    this.#schedule = options.schedule ?? nextFrame
    void this.#read()
  }

  get snapshot(): EventListSnapshot {
    const newest = (): Entry[] => this.#events.slice(-this.#eventsMax).reverse()
    this.#snapshot ??= { events: newest(), count: this.#count, gap: this.#gap, error: this.#error }
    return this.#snapshot
  }

  /** Calls `run` after each change, once a frame at most, until what is returned is called. */
  onChange(run: () => void): () => void {
    const watcher = (): void => run()
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  close(): void {
    this.#watchers.clear()
    this.#subscription.close()
  }

  async #read(): Promise<void> {
    try {
      for await (const item of this.#subscription) {
        if (item.type === 'entry') this.#add(item.detached())
        else if (item.type === 'gap') this.#gap = item
        else continue
        this.#changed()
      }
    } catch (thrown) {
      this.#error = asWeirError(thrown)
      this.#changed()
    }
  }

  #add(entry: Entry): void {
    this.#count++
    this.#events.push(entry)
    if (this.#events.length >= 2 * this.#eventsMax) this.#events = this.#events.slice(-this.#eventsMax)
  }

  #changed(): void {
    this.#snapshot = undefined
    if (this.#scheduled) return
    this.#scheduled = true
    this.#schedule(() => {
      this.#scheduled = false
      for (const watcher of this.#watchers) callSafely(watcher, undefined)
    })
  }
}
