import { type Identity, maySubscribe, meshBucketName } from '@weir/mesh'
import {
  type Cursor,
  canonicalFilters,
  checkFilter,
  checkSource,
  cursorOfField,
  cursorParts,
  Mode,
  type Subscribe,
  WeirError,
} from '@weir/proto'
import { type ChannelKind, readsTheSame } from '../engine/delivery/channel-kind.ts'
import type { Receiver } from '../engine/delivery/receiver.ts'
import type { Subscriber } from '../engine/delivery/subscriber.ts'
import { ShardedSubscription } from '../engine/sharded-subscription.ts'
import type { Source } from '../engine/source.ts'
import type { SubscribeRequest } from '../engine/source-options.ts'
import { limits } from '../limits.ts'
import type { Sources } from '../sources/sources.ts'

/**
 * What one connection reads: checked against its token and the bounds, and given back to the
 * sources in the end.
 */
export class Subscriptions {
  readonly #receiver: Receiver
  readonly #hub: SubscriptionHub
  #held: readonly Subscription[] = none

  constructor(receiver: Receiver, hub: SubscriptionHub) {
    this.#receiver = receiver
    this.#hub = hub
  }

  [Symbol.iterator](): Iterator<Subscription> {
    return this.#held[Symbol.iterator]()
  }

  get size(): number {
    return this.#held.length
  }

  /** Throws what makes the request refused. */
  async add(request: Subscribe, identity: Identity, { resume, gatherMs = 0 }: AddOptions = {}): Promise<void> {
    const { id, source: name, intervalMs } = request
    const filters = this.#check(request, identity)
    const mode = request.mode === Mode.UNSPECIFIED ? Mode.LATEST : request.mode
    const asked = cursorOfField(request)
    const sources = await this.#hub.sources.acquire(identity.tenant, name, filters)
    try {
      const [source] = sources
      if (source === undefined || sources.length > 1) {
        if (this.#held === ended) for (const each of sources) this.#hub.sources.release(each)
        else
          this.#spread(sources, { id, filters, mode, intervalMs, gatherMs }, resume === undefined ? asked : undefined)
        return
      }
      const place = asked?.further === undefined ? asked : placeIn(source, asked)
      const cursor = place === undefined || resume === undefined ? place : await resume(source, mode, place)
      if (this.#held === ended) return this.#hub.sources.release(source)
      const kind = { filters, intervalMs, gatherMs, copy: 0 }
      const copy = this.#copy(source, kind)
      const subscriber = source.subscribe(this.#receiver, { ...kind, copy, id, mode, cursor })
      // Most connections read one thing: `concat` keeps no room for more.
      this.#held = this.#held.concat({ source, subscriber })
    } catch (thrown) {
      for (const source of sources) this.#hub.sources.release(source)
      throw thrown
    }
  }

  /** Nothing happens when there is no such id. */
  remove(id: number): void {
    const removed = this.#held.filter(({ subscriber }) => subscriber.id === id)
    if (removed.length === 0) return
    this.#held = this.#held.filter(({ subscriber }) => subscriber.id !== id)
    for (const each of removed) this.#drop(each)
  }

  /** Ends what another token of the same client does not grant, and says which ids that were. */
  restrict(identity: Identity): readonly number[] {
    const lost = this.#held
      .filter(({ source, subscriber }) => !mayRead(identity, source.name, subscriber.channel.filters))
      .map(({ subscriber }) => subscriber.id)
    for (const id of lost) this.remove(id)
    return [...new Set(lost)]
  }

  /** There is credit: what is behind goes on. */
  resume(): void {
    for (const { source, subscriber } of this.#held) source.credit(subscriber)
  }

  close(): void {
    for (const each of this.#held) this.#drop(each)
    this.#held = ended
  }

  /** Reads several streams as one subscription. Throws `invalid`. */
  #spread(sources: readonly Source[], request: SpreadRequest, asked: Cursor | undefined): void {
    const whole: ShardedSubscription = new ShardedSubscription(this.#receiver, request.id, sources.length, {
      opened: () => this.resume(),
      beginAgain: () => this.#spreadAgain(whole, request),
    })
    for (const source of sources) {
      const copy = this.#copy(source, { ...request, copy: 0 })
      const part = whole.addPart()
      const cursor = asked && placeIn(source, asked)
      part.subscriber = source.subscribe(part, { ...request, copy, cursor })
      this.#held = this.#held.concat({ source, subscriber: part.subscriber })
    }
  }

  #spreadAgain(whole: ShardedSubscription, request: SpreadRequest): void {
    const parts = this.#held.filter(({ subscriber }) => whole.has(subscriber))
    if (parts.length === 0) return
    this.#held = this.#held.filter((each) => !parts.includes(each))
    for (const { source, subscriber } of parts) source.unsubscribe(subscriber)
    this.#spread(
      parts.map(({ source }) => source),
      request,
      undefined,
    )
  }

  /** The canonical filters of a request. Throws what makes it refused. */
  #check({ id, source, filters, mode, intervalMs }: Subscribe, identity: Identity): readonly string[] {
    const { subscriptionsMax, filtersMax } = this.#hub.settings
    if (id === 0) throw new WeirError('invalid', 'A subscription needs an id other than 0.')
    if (this.#held.some(({ subscriber }) => subscriber.id === id)) {
      throw new WeirError('conflict', `The id ${id} is in use on this connection.`)
    }
    if (this.#held.length >= subscriptionsMax && this.#ids() >= subscriptionsMax) {
      throw new WeirError('quota_exceeded', `A connection has at most ${subscriptionsMax} subscriptions.`)
    }
    if (filters.length === 0 || filters.length > filtersMax) {
      throw new WeirError('invalid', `A subscription has from 1 to ${filtersMax} filters, not ${filters.length}.`)
    }
    if (!(mode in Mode)) throw new WeirError('invalid', `There is no mode ${mode}: it is LATEST or ALL.`)
    if (intervalMs > limits.intervalMsMax) {
      throw new WeirError('invalid', `An interval is at most ${limits.intervalMsMax} ms.`)
    }
    checkRead(identity, source, filters)
    return canonicalFilters(filters)
  }

  /** How many subscriptions there are, as the client counts them. */
  #ids(): number {
    return new Set(this.#held.map(({ subscriber }) => subscriber.id)).size
  }

  /** The first number that no subscription of this connection to the same has. */
  #copy(source: Source, kind: ChannelKind): number {
    const taken = this.#held
      .filter((held) => held.source === source && readsTheSame(held.subscriber.channel, kind))
      .map(({ subscriber }) => subscriber.channel.copy)
    let copy = 0
    while (taken.includes(copy)) copy++
    return copy
  }

  #drop({ source, subscriber }: Subscription): void {
    source.unsubscribe(subscriber)
    this.#hub.sources.release(source)
  }
}

/** What is asked for, of a subscription to several streams. */
type SpreadRequest = Pick<SubscribeRequest, 'id' | 'filters' | 'mode' | 'intervalMs' | 'gatherMs'>

/** The position of a cursor in one of several streams; before all of them where it has none. */
function placeIn(source: Source, asked: Cursor): Cursor {
  return cursorParts(asked).find(({ epoch }) => epoch === source.log.epoch) ?? { epoch: 0, seq: 0 }
}

/** What a connection reads of one source. */
export interface Subscription {
  readonly source: Source
  readonly subscriber: Subscriber
}

/** What another protocol decides of a subscription. */
export interface AddOptions {
  /** For protocols that say at once whether anything was lost. */
  readonly resume?: Resume
  /** As in ChannelKind. */
  readonly gatherMs?: number
}

/** From where a subscription goes on that asks for a cursor. */
export type Resume = (source: Source, mode: Mode, asked: Cursor) => Promise<Cursor | undefined>

/** What is needed of a hub. */
export interface SubscriptionHub {
  readonly sources: Sources
  readonly settings: SubscriptionBounds
}

const none: readonly Subscription[] = []
/** What a connection holds that is gone. */
const ended: readonly Subscription[] = []

export interface SubscriptionBounds {
  readonly subscriptionsMax: number
  readonly filtersMax: number
}

/** Throws `malformed`, or `forbidden` when the identity may not read this. */
export function checkRead(identity: Identity, source: string, filters: readonly string[]): void {
  checkSource(source)
  for (const filter of filters) checkFilter(filter)
  if (!mayRead(identity, source, filters)) throw notGranted(source, filters)
}

/**
 * Grants are about subjects of the token's tenant; the mesh's own source belongs to no tenant, and
 * is for administrators.
 */
function mayRead(identity: Identity, source: string, filters: readonly string[]): boolean {
  return source === meshBucketName ? identity.admin : maySubscribe(identity, filters)
}

function notGranted(source: string, filters: readonly string[]): WeirError {
  if (source === meshBucketName)
    return new WeirError('forbidden', 'The source "mesh" needs the token of an administrator.')
  return new WeirError(
    'forbidden',
    `The token does not grant to subscribe to ${filters.join(', ').slice(0, limits.quotedMax)}.`,
  )
}
