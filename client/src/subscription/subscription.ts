import { type Cursor, checkFilter, checkSource, formatCursor, modeValues, parseCursor, WeirError } from '@weir/proto'
import { clientLimits } from '../limits.ts'
import { type Decode, decodeEntry } from './decode.ts'
import type { Feed, FeedRequest } from './feed.ts'
import { type HandlerName, type HandlerOf, Handlers } from './handlers.ts'
import type { KeptCursor } from './kept-cursor.ts'
import type { Invalid, SubscriptionItem } from './subscription-item.ts'

export interface SubscribeOptions {
  /** `events`, which is the default, or the name of a bucket. */
  readonly source?: string
  /**
   * Which subjects; `*` stands for one token and a final `>` for one or more. The default is `>`,
   * all.
   */
  readonly filter?: string
  /** Several filters, instead of one. */
  readonly filters?: readonly string[]
  /**
   * `ALL`: every entry from now on, or from the cursor. `LATEST`: the newest entry of each subject,
   * first of what there is, then of what changes; a consumer that is slower than the changes misses
   * values in between.
   */
  readonly mode: 'LATEST' | 'ALL'
  /** Mode LATEST only: at most one batch in so many milliseconds. */
  readonly intervalMs?: number
  /**
   * Mode LATEST only: the least interval while the page is hidden; when it is seen again, the
   * newest comes at once. The default is 5000; 0 goes on as if it were seen.
   */
  readonly hiddenIntervalMs?: number
  /**
   * Where to go on, from `subscription.cursor` or the read API. Without: LATEST starts with a
   * snapshot, ALL with what comes now.
   */
  readonly cursor?: string
  /**
   * A name under which the cursor is kept in the `storage` of `connect`, so that the subscription
   * goes on after a reload after the last item that was done with. An item that was being handled
   * then comes again.
   */
  readonly resume?: string
}

/** Options of a subscription whose entries have a value of the application's own. */
export interface TypedSubscribeOptions<Value> extends SubscribeOptions {
  readonly decode: Decode<Value>
}

/** What opens feeds and keeps them supplied: the connection. */
export interface FeedSource {
  /** Throws `conflict` when it is closed. */
  open(request: FeedRequest): Feed
  release(feed: Feed): void
}

/** What a subscription works with. */
export interface SubscriptionParts<Value> {
  readonly source: FeedSource
  readonly decode: Decode<Value> | undefined
  readonly keptCursor: KeptCursor | undefined
}

/**
 * The entries of one subscription, as an async iterable for one consumer, or for handlers. Coming
 * back for the next item says that the last one is done with: a consumer that is slow to come back
 * is sent less, and in mode LATEST only the newest of each subject. Leaving the loop closes the
 * subscription. Throws WeirError when the hub will not serve it, or the connection is closed by an
 * error for good.
 */
export class Subscription<Value = undefined> implements AsyncIterableIterator<SubscriptionItem<Value>, undefined> {
  readonly #parts: SubscriptionParts<Value>
  readonly #feed: Feed
  #handlers: Handlers<Value> | undefined

  /** Not for applications: `weir.subscribe` gives them. */
  constructor(parts: SubscriptionParts<Value>, options: SubscribeOptions) {
    this.#parts = parts
    this.#feed = parts.source.open(requestOf(options, parts.keptCursor?.read()))
  }

  /**
   * Where to go on after the last item that was given, for `subscribe` on any hub; undefined before
   * the first.
   */
  get cursor(): string | undefined {
    const { position } = this.#feed.inbox
    return position && formatCursor(position)
  }

  /**
   * How many entries were left out because a newer one of the same subject came instead, as far as
   * the hub counted.
   */
  get conflated(): number {
    return this.#feed.conflated
  }

  next(): Promise<IteratorResult<SubscriptionItem<Value>, undefined>> {
    const { decode } = this.#parts
    this.#keepCursor()
    const next = this.#feed.inbox.next()
    return (decode === undefined ? next : decoded(next, decode)) as ReturnType<this['next']>
  }

  /**
   * Calls the handler with each item of the type, in place of a loop. A handler that returns a
   * promise holds the next item back. `error` is told what ended the subscription; without such a
   * handler it is thrown outside. `end` comes after `close`.
   */
  on<Name extends HandlerName<Value>>(name: Name, handler: HandlerOf<Value, Name>): this {
    this.#handlers ??= new Handlers(this)
    this.#handlers.add(name, handler)
    return this
  }

  return(): Promise<IteratorResult<SubscriptionItem<Value>, undefined>> {
    this.close()
    return Promise.resolve({ done: true, value: undefined })
  }

  close(): void {
    this.#parts.source.release(this.#feed)
    this.#parts.keptCursor?.end()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** What was given before is done with. */
  #keepCursor(): void {
    const { keptCursor } = this.#parts
    if (keptCursor !== undefined && this.cursor !== undefined) keptCursor.keep(this.cursor)
  }
}

async function decoded<Value>(
  next: Promise<IteratorResult<SubscriptionItem, undefined>>,
  decode: Decode<Value>,
): Promise<IteratorResult<SubscriptionItem | Invalid, undefined>> {
  const result = await next
  if (result.done || result.value.type !== 'entry') return result
  return { done: false, value: await decodeEntry(result.value, decode) }
}

/** Throws `malformed` or `invalid`. */
function requestOf(options: SubscribeOptions, kept: string | undefined): FeedRequest {
  const { source = 'events', filter, filters, mode, intervalMs = 0, cursor } = options
  const { hiddenIntervalMs = mode === 'LATEST' ? clientLimits.hiddenIntervalMs : 0 } = options
  if (mode !== 'ALL' && mode !== 'LATEST') {
    throw new WeirError('invalid', "Say mode: 'ALL' for every event, or 'LATEST' for the newest of each subject.")
  }
  if (filter !== undefined && filters !== undefined) throw new WeirError('invalid', 'Give filter or filters, not both.')
  const set = filters ?? [filter ?? '>']
  if (set.length === 0) throw new WeirError('invalid', 'filters is empty: give at least one filter.')
  checkSource(source)
  for (const one of set) checkFilter(one)
  for (const ms of [intervalMs, hiddenIntervalMs]) {
    if (ms !== 0 && mode === 'ALL') {
      throw new WeirError('invalid', 'An interval needs mode LATEST: mode ALL gives every entry.')
    }
    if (!Number.isInteger(ms) || ms < 0 || ms > 4_294_967_295) {
      throw new WeirError('invalid', `The interval ${ms} is not a whole number of milliseconds.`)
    }
  }
  return {
    source,
    filters: set,
    mode: modeValues[mode],
    intervalMs,
    hiddenIntervalMs,
    cursor: cursor === undefined ? keptPosition(kept) : parseCursor(cursor),
  }
}

/**
 * What a storage holds may be of another version or of somebody else: then there is nothing to go
 * on from.
 */
function keptPosition(kept: string | undefined): Cursor | undefined {
  try {
    return kept === undefined ? undefined : parseCursor(kept)
  } catch {
    return undefined
  }
}
