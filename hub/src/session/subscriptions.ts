import { grantsText, type Identity, maySubscribe, meshBucketName } from '@weir/mesh'
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
import { type Origin, Subscriber } from '../engine/delivery/subscriber.ts'
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
  readonly #holder: Holder
  #held: Held = none

  constructor(holder: Holder) {
    this.#holder = holder
  }

  [Symbol.iterator](): Iterator<Subscriber> {
    return listOf(this.#held)[Symbol.iterator]()
  }

  get size(): number {
    return listOf(this.#held).length
  }

  /** Throws what makes the request refused. */
  async add(request: Subscribe, identity: Identity, { resume, gatherMs = 0 }: AddOptions = {}): Promise<void> {
    const { id, source: name, intervalMs } = request
    const filters = this.#check(request, identity)
    const mode = request.mode === Mode.UNSPECIFIED ? Mode.LATEST : request.mode
    const asked = cursorOfField(request)
    const { sources: open } = this.#holder.hub
    const sources = await open.acquire(identity.tenant, name, filters)
    try {
      const [source] = sources
      if (source === undefined || sources.length > 1) {
        if (this.#held === ended) for (const each of sources) open.release(each)
        else
          this.#spread(sources, { id, filters, mode, intervalMs, gatherMs }, resume === undefined ? asked : undefined)
        return
      }
      const place = asked?.further === undefined ? asked : placeIn(source, asked)
      const cursor = place === undefined || resume === undefined ? place : await resume(source, mode, place)
      if (this.#held === ended) return open.release(source)
      const kind = { filters, intervalMs, gatherMs, copy: 0 }
      const copy = this.#copy(source, kind)
      this.#hold(source.subscribe(this.#holder, { ...kind, copy, id, mode, cursor }))
    } catch (thrown) {
      for (const source of sources) open.release(source)
      throw thrown
    }
  }

  /** Nothing happens when there is no such id. */
  remove(id: number): void {
    const removed = [...this].filter((each) => each.id === id)
    this.#leave(removed)
    for (const each of removed) this.#drop(each)
  }

  /** Ends what another token of the same client does not grant, and says which ids that were. */
  restrict(identity: Identity): readonly number[] {
    const lost = [...this]
      .filter(({ channel }) => !mayRead(identity, channel.source, channel.filters))
      .map(({ id }) => id)
    for (const id of lost) this.remove(id)
    return [...new Set(lost)]
  }

  /** There is credit: what is behind goes on. */
  resume(): void {
    const held = this.#held
    if (held instanceof Subscriber) held.channel.origin.credit(held)
    else for (const each of held) each.channel.origin.credit(each)
  }

  close(): void {
    for (const each of this) this.#drop(each)
    this.#held = ended
  }

  /** Reads several streams as one subscription. Throws `invalid`. */
  #spread(sources: readonly Source[], request: SpreadRequest, asked: Cursor | undefined): void {
    const whole: ShardedSubscription = new ShardedSubscription(this.#holder, request.id, sources.length, {
      opened: () => this.resume(),
      beginAgain: () => this.#spreadAgain(whole, sources, request),
    })
    for (const source of sources) {
      const copy = this.#copy(source, { ...request, copy: 0 })
      const part = whole.addPart()
      const cursor = asked && placeIn(source, asked)
      part.subscriber = source.subscribe(part, { ...request, copy, cursor })
      this.#hold(part.subscriber)
    }
  }

  #spreadAgain(whole: ShardedSubscription, sources: readonly Source[], request: SpreadRequest): void {
    const parts = [...this].filter((each) => whole.has(each))
    if (parts.length === 0) return
    this.#leave(parts)
    for (const part of parts) part.channel.origin.unsubscribe(part)
    this.#spread(sources, request, undefined)
  }

  /** The canonical filters of a request. Throws what makes it refused. */
  #check({ id, source, filters, mode, intervalMs }: Subscribe, identity: Identity): readonly string[] {
    const { subscriptionsMax, filtersMax } = this.#holder.hub.settings
    if (id === 0) throw new WeirError('invalid', 'A subscription needs an id other than 0.')
    const held = listOf(this.#held)
    if (held.some((each) => each.id === id)) {
      throw new WeirError('conflict', `The id ${id} is in use on this connection.`)
    }
    if (held.length >= subscriptionsMax && new Set(held.map((each) => each.id)).size >= subscriptionsMax) {
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
  #copy(origin: Origin, kind: ChannelKind): number {
    const taken = [...this]
      .filter(({ channel }) => channel.origin === origin && readsTheSame(channel, kind))
      .map(({ channel }) => channel.copy)
    let copy = 0
    while (taken.includes(copy)) copy++
    return copy
  }

  #hold(subscriber: Subscriber): void {
    this.#held = heldOf(listOf(this.#held).concat(subscriber))
  }

  #leave(some: readonly Subscriber[]): void {
    if (some.length > 0) this.#held = heldOf([...this].filter((each) => !some.includes(each)))
  }

  #drop(subscriber: Subscriber): void {
    const { origin } = subscriber.channel
    origin.unsubscribe(subscriber)
    this.#holder.hub.sources.release(origin)
  }
}

/** What is asked for, of a subscription to several streams. */
type SpreadRequest = Pick<SubscribeRequest, 'id' | 'filters' | 'mode' | 'intervalMs' | 'gatherMs'>

/** The position of a cursor in one of several streams; before all of them where it has none. */
function placeIn(source: Source, asked: Cursor): Cursor {
  return cursorParts(asked).find(({ epoch }) => epoch === source.log.epoch) ?? { epoch: 0, seq: 0 }
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

/** The connection whose subscriptions they are. */
export interface Holder extends Receiver {
  readonly hub: SubscriptionHub
}

/** What is needed of a hub. */
export interface SubscriptionHub {
  readonly sources: Sources
  readonly settings: SubscriptionBounds
}

/** Most connections hold one subscription, which needs no list. */
type Held = Subscriber | readonly Subscriber[]

function listOf(held: Held): readonly Subscriber[] {
  return held instanceof Subscriber ? [held] : held
}

function heldOf(list: readonly Subscriber[]): Held {
  const [only] = list
  return list.length === 1 && only !== undefined ? only : list
}

const none: readonly Subscriber[] = []
/** What a connection holds that is gone. */
const ended: readonly Subscriber[] = []

export interface SubscriptionBounds {
  readonly subscriptionsMax: number
  readonly filtersMax: number
}

/** Throws `malformed`, or `forbidden` when the identity may not read this. */
export function checkRead(identity: Identity, source: string, filters: readonly string[]): void {
  checkSource(source)
  for (const filter of filters) checkFilter(filter)
  if (!mayRead(identity, source, filters)) throw notGranted(identity, source, filters)
}

/**
 * Grants are about subjects of the token's tenant; the mesh's own source belongs to no tenant, and
 * is for administrators.
 */
function mayRead(identity: Identity, source: string, filters: readonly string[]): boolean {
  return source === meshBucketName ? identity.admin : maySubscribe(identity, filters)
}

function notGranted({ subscribe }: Identity, source: string, filters: readonly string[]): WeirError {
  if (source === meshBucketName)
    return new WeirError('forbidden', 'The source "mesh" needs the token of an administrator.')
  return new WeirError(
    'forbidden',
    `The token does not grant to subscribe to ${filters.join(', ').slice(0, limits.quotedMax)}: ${grantsText(subscribe)}.`,
  )
}
