import { clientLimits } from '../limits.ts'
import type { Clock } from '../platform/clock.ts'
import type { Feed } from './feed.ts'

/**
 * Sets a feed aside when the window stays full: of those that the application has not read for a
 * while, the one that holds most bytes. The others then receive again.
 */
export class Relief {
  readonly #clock: Clock
  readonly #feeds: () => readonly Feed[]
  readonly #setAside: (feed: Feed) => void
  /** What each feed had taken in all when the watch began. */
  #taken: ReadonlyMap<Feed, number> = new Map()
  #cancelTimer: (() => void) | undefined

  /** `feeds` are those that the hub serves now. */
  constructor(clock: Clock, feeds: () => readonly Feed[], setAside: (feed: Feed) => void) {
    this.#clock = clock
    this.#feeds = feeds
    this.#setAside = setAside
  }

  /** The window is strained: looks in a while, and again until `rest`. */
  watch(): void {
    this.rest()
    this.#taken = new Map(this.#feeds().map((feed) => [feed, feed.inbox.takenInAll]))
    this.#cancelTimer = this.#clock.after(clientLimits.parkAfterMs, () => this.#look())
  }

  rest(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  #look(): void {
    let idlest: Feed | undefined
    for (const feed of this.#feeds()) {
      const { takenInAll, heldBytes } = feed.inbox
      if (this.#taken.get(feed) === takenInAll && heldBytes > (idlest?.inbox.heldBytes ?? 0)) idlest = feed
    }
    this.watch()
    // Bytes that are given back may ease the window, which ends the watch.
    if (idlest !== undefined) this.#setAside(idlest)
  }
}
