import { checkFilter, checkSource, formatCursor, modeValues, parseCursor, WeirError } from '@weir/proto'
import type { Feed, FeedRequest } from './feed.ts'
import type { SubscriptionItem } from './subscription-item.ts'

export interface SubscribeOptions {
  /** `events`, which is the default, or the name of a bucket. */
  readonly source?: string
  /** Which subjects; `*` stands for one token and a final `>` for one or more. The default is `>`, all. */
  readonly filter?: string
  /** Several filters, instead of one. */
  readonly filters?: readonly string[]
  /** `LATEST`, the default: the newest entry of each subject. `ALL`: every entry. */
  readonly mode?: 'LATEST' | 'ALL'
  /** Mode LATEST only: at most one batch in so many milliseconds. */
  readonly intervalMs?: number
  /** Where to go on, from `subscription.cursor` or the read API. Without: LATEST starts with a snapshot, ALL with what comes now. */
  readonly cursor?: string
}

/** What opens feeds and keeps them supplied: the connection. */
export interface FeedSource {
  /** Throws `conflict` when it is closed. */
  open(request: FeedRequest): Feed
  release(feed: Feed): void
}

/**
 * The entries of one subscription, as an async iterable for one consumer. Coming back for the next item says that the last
 * one is done with: a consumer that is slow to come back is sent less, and in mode LATEST only the newest of each subject.
 * Leaving the loop closes the subscription. Throws WeirError when the hub will not serve it, or the connection is closed by
 * an error for good.
 */
export class Subscription implements AsyncIterableIterator<SubscriptionItem, undefined> {
  readonly #source: FeedSource
  readonly #feed: Feed

  /** Not for applications: `weir.subscribe` gives them. */
  constructor(source: FeedSource, options: SubscribeOptions) {
    this.#source = source
    this.#feed = source.open(requestOf(options))
  }

  /** Where to go on after the last item that was given, for `subscribe` on any hub; undefined before the first. */
  get cursor(): string | undefined {
    const { position } = this.#feed.inbox
    return position && formatCursor(position)
  }

  /** How many entries were left out because a newer one of the same subject came instead, as far as the hub counted. */
  get conflated(): number {
    return this.#feed.conflated
  }

  next(): Promise<IteratorResult<SubscriptionItem, undefined>> {
    return this.#feed.inbox.next()
  }

  return(): Promise<IteratorResult<SubscriptionItem, undefined>> {
    this.close()
    return Promise.resolve({ done: true, value: undefined })
  }

  close(): void {
    this.#source.release(this.#feed)
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}

/** Throws `malformed` or `invalid`. */
function requestOf(options: SubscribeOptions): FeedRequest {
  const { source = 'events', filter, filters, mode = 'LATEST', intervalMs = 0, cursor } = options
  if (filter !== undefined && filters !== undefined) throw new WeirError('invalid', 'Give filter or filters, not both.')
  const set = filters ?? [filter ?? '>']
  if (set.length === 0) throw new WeirError('invalid', 'filters is empty: give at least one filter.')
  checkSource(source)
  for (const one of set) checkFilter(one)
  if (intervalMs !== 0 && mode === 'ALL') {
    throw new WeirError('invalid', 'An interval needs mode LATEST: mode ALL gives every entry.')
  }
  if (!Number.isInteger(intervalMs) || intervalMs < 0 || intervalMs > 4_294_967_295) {
    throw new WeirError('invalid', `intervalMs ${intervalMs} is not a whole number of milliseconds.`)
  }
  return {
    source,
    filters: set,
    mode: modeValues[mode],
    intervalMs,
    cursor: cursor === undefined ? undefined : parseCursor(cursor),
  }
}
