import { type Identity, maySubscribe, meshBucketName } from '@weir/mesh'
import {
  type Cursor,
  canonicalFilters,
  checkFilter,
  checkSource,
  cursorFromWire,
  Mode,
  type Subscribe,
  WeirError,
} from '@weir/proto'
import { type ChannelKind, readsTheSame } from '../engine/delivery/channel-kind.ts'
import type { Receiver } from '../engine/delivery/receiver.ts'
import type { Subscriber } from '../engine/delivery/subscriber.ts'
import type { Source } from '../engine/source.ts'
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
    const asked = request.cursor === undefined ? undefined : cursorFromWire(request.cursor)
    const source = await this.#hub.sources.acquire(identity.tenant, name)
    try {
      const cursor = asked === undefined || resume === undefined ? asked : await resume(source, mode, asked)
      if (this.#held === ended) return this.#hub.sources.release(source)
      const kind = { filters, intervalMs, gatherMs, copy: 0 }
      const copy = this.#copy(source, kind)
      const subscriber = source.subscribe(this.#receiver, { ...kind, copy, id, mode, cursor })
      // Most connections read one thing: `concat` keeps no room for more.
      this.#held = this.#held.concat({ source, subscriber })
    } catch (thrown) {
      this.#hub.sources.release(source)
      throw thrown
    }
  }

  /** Nothing happens when there is no such id. */
  remove(id: number): void {
    const removed = this.#held.find(({ subscriber }) => subscriber.id === id)
    if (removed === undefined) return
    this.#held = this.#held.filter((each) => each !== removed)
    this.#drop(removed)
  }

  /** Ends what another token of the same client does not grant, and says which ids that were. */
  restrict(identity: Identity): readonly number[] {
    const lost = this.#held
      .filter(({ source, subscriber }) => !mayRead(identity, source.name, subscriber.channel.filters))
      .map(({ subscriber }) => subscriber.id)
    for (const id of lost) this.remove(id)
    return lost
  }

  /** There is credit: what is behind goes on. */
  resume(): void {
    for (const { source, subscriber } of this.#held) source.credit(subscriber)
  }

  close(): void {
    for (const each of this.#held) this.#drop(each)
    this.#held = ended
  }

  /** The canonical filters of a request. Throws what makes it refused. */
  #check({ id, source, filters, mode, intervalMs }: Subscribe, identity: Identity): readonly string[] {
    const { subscriptionsMax, filtersMax } = this.#hub.settings
    if (id === 0) throw new WeirError('invalid', 'A subscription needs an id other than 0.')
    if (this.#held.some(({ subscriber }) => subscriber.id === id)) {
      throw new WeirError('conflict', `The id ${id} is in use on this connection.`)
    }
    if (this.#held.length >= subscriptionsMax) {
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
