import type { Entry, Removed, SubscribeOptions, Subscription, Weir } from '@weir/client'
import { parseCursor } from '@weir/proto'
import type { Link } from '../link/link.svelte.ts'
import type { Pulse } from '../place/pulse.svelte.ts'

/** What is read; in mode LATEST unless it says otherwise. */
export type FeedOptions = Omit<SubscribeOptions, 'mode'> & Partial<Pick<SubscribeOptions, 'mode'>>

/** What a reader of a feed is told. `isChange` is false for what a snapshot brings. */
export interface FeedReader {
  entry(entry: Entry, isChange: boolean): void
  removed?(removed: Removed): void
  /** The whole latest state follows: forget what was. */
  reset?(): void
  /** Why it ended; not after `close`. */
  ended?(error: Error): void
}

/**
 * Reads one subscription until it is closed, and counts what it brings. In mode LATEST the first
 * entries are what was so before: an entry is a change when its sequence lies past the head that
 * the source had when the feed was opened.
 */
export class Feed {
  readonly #subscription: Subscription
  readonly #pulse: Pulse
  readonly #link: Link
  #headSeq = Number.POSITIVE_INFINITY
  #conflated = 0
  #closed = false

  constructor(
    desk: { readonly link: Link; readonly pulse: Pulse },
    weir: Weir,
    options: FeedOptions,
    reader: FeedReader,
  ) {
    this.#pulse = desk.pulse
    this.#link = desk.link
    this.#subscription = weir.subscribe({ ...options, mode: options.mode ?? 'LATEST' })
    if (options.mode === 'ALL' || options.cursor !== undefined) this.#headSeq = 0
    else void this.#askHead(weir, options.source ?? 'events')
    void this.#read(reader)
  }

  close(): void {
    this.#closed = true
    this.#subscription.close()
  }

  async #read(reader: FeedReader): Promise<void> {
    try {
      for await (const item of this.#subscription) {
        if (this.#closed) return
        if (item.type === 'entry') {
          const isChange = item.seq > this.#headSeq
          if (isChange) this.#pulse.changed(1)
          reader.entry(item, isChange)
        } else if (item.type === 'removed') reader.removed?.(item)
        else if (item.type === 'reset') reader.reset?.()
        this.#countConflated()
      }
    } catch (thrown) {
      if (!this.#closed) reader.ended?.(thrown instanceof Error ? thrown : new Error(String(thrown)))
    }
  }

  #countConflated(): void {
    const { conflated } = this.#subscription
    if (conflated === this.#conflated) return
    const more = conflated - this.#conflated
    this.#conflated = conflated
    this.#pulse.conflated(more)
    this.#link.leftOut(more)
  }

  /**
   * Until the answer is here nothing counts as a change; where there is none, the first second is
   * taken for the snapshot.
   */
  async #askHead(weir: Weir, source: string): Promise<void> {
    try {
      const { cursor } = source === 'events' ? await weir.history({ limit: 1 }) : await weir.state(source, { limit: 1 })
      this.#headSeq = parseCursor(cursor).seq
    } catch {
      setTimeout(() => {
        this.#headSeq = 0
      }, 1000)
    }
  }
}
