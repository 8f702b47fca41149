import type { Entry, Removed, SubscribeOptions, Subscription, Weir } from '@weir/client'
import { WeirError } from '@weir/proto'
import type { Link } from '../link/link.svelte.ts'
import type { Pulse } from '../place/pulse.svelte.ts'
import { headOf } from './head.ts'

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
 *
 * Over a connection that is closed, as when its token has ended, it ends at once.
 */
export class Feed {
  readonly #subscription: Subscription | undefined
  readonly #pulse: Pulse
  readonly #link: Link
  #isChange: (entry: Entry) => boolean = never
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
    const subscription = opened(weir, { ...options, mode: options.mode ?? 'LATEST' })
    if (subscription instanceof WeirError) {
      // After the caller knows its feed.
      queueMicrotask(() => this.#end(reader, subscription))
      return
    }
    this.#subscription = subscription
    const { source = 'events' } = options
    if (options.mode === 'ALL' || options.cursor !== undefined) this.#isChange = always
    // The read API does not serve the bucket of the mesh, whose entries are no changes of the data.
    else if (source !== 'mesh') void this.#askHead(weir, source)
    void this.#read(subscription, reader)
  }

  /** Where to go on after what was read; undefined before there was anything. */
  get cursor(): string | undefined {
    return this.#subscription?.cursor
  }

  /** Entries that were left out for newer ones of their subject, as far as the hub counted. */
  get conflated(): number {
    return this.#conflated
  }

  close(): void {
    this.#closed = true
    this.#subscription?.close()
  }

  async #read(subscription: Subscription, reader: FeedReader): Promise<void> {
    try {
      for await (const item of subscription) {
        if (this.#closed) return
        const isChange = item.type === 'entry' && this.#isChange(item)
        if (isChange) this.#pulse.changed(1)
        if (item.type === 'entry') this.#give(reader, item, isChange)
        else if (item.type === 'removed') reader.removed?.(item)
        else if (item.type === 'reset') reader.reset?.()
        this.#countConflated(subscription, isChange)
      }
    } catch (thrown) {
      this.#end(reader, thrown instanceof Error ? thrown : new Error(String(thrown)))
    }
  }

  #end(reader: FeedReader, error: Error): void {
    if (!this.#closed) reader.ended?.(error)
  }

  /** One value that is no event, whoever stored it, ends nothing: it is passed over. */
  #give(reader: FeedReader, entry: Entry, isChange: boolean): void {
    try {
      reader.entry(entry, isChange)
    } catch (thrown) {
      if (!(thrown instanceof WeirError && thrown.code === 'malformed')) throw thrown
    }
  }

  /** What a snapshot leaves out are the values of before, which nobody missed. */
  #countConflated({ conflated }: Subscription, isChange: boolean): void {
    const more = conflated - this.#conflated
    this.#conflated = conflated
    if (more === 0 || !isChange) return
    this.#pulse.conflated(more)
    this.#link.leftOut(more)
  }

  /**
   * Until the answer is here nothing counts as a change; where there is none, the first second is
   * taken for the snapshot.
   */
  async #askHead(weir: Weir, source: string): Promise<void> {
    try {
      const head = await headOf(weir, source)
      this.#isChange = (entry) => head.isPassedBy(entry)
    } catch {
      setTimeout(() => {
        this.#isChange = always
      }, 1000)
    }
  }
}

/** A subscription, or why there is none: the connection is closed for good. */
function opened(weir: Weir, options: SubscribeOptions): Subscription | WeirError {
  try {
    return weir.subscribe(options)
  } catch (thrown) {
    if (thrown instanceof WeirError && thrown.code === 'conflict') return thrown
    throw thrown
  }
}

function always(): boolean {
  return true
}

function never(): boolean {
  return false
}
