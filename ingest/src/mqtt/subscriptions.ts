import { type Identity, maySubscribe } from '@weir/mesh/edge'
import {
  type Batch,
  type Cursor,
  cursorField,
  cursorFromWire,
  isFilter,
  joinCursors,
  Mode,
  type ServerFrame,
  type Subscribed,
  WeirError,
} from '@weir/proto'
import type { ISubscription } from 'mqtt-packet'
import { ingestLimits } from '../limits.ts'
import { HubLink } from './hub-link.ts'
import type { PacketWriter } from './packet-writer.ts'
import { publishedEntry } from './published-entry.ts'
import { reasons } from './reason.ts'
import { topicFilters } from './topic.ts'

export interface SubscriptionsParts {
  readonly identity: Identity
  readonly token: string
  readonly hubUrl: string | undefined
  readonly writer: PacketWriter
  /** The hub takes the client no more. */
  readonly failed: (error: WeirError) => void
}

/**
 * What one client subscribed to. Each topic filter is a subscription at a hub in mode ALL, so that
 * the client is a cursor there, and nothing is queued for it here. What MQTT calls retained is a
 * second one, in mode LATEST, which ends where the first began.
 */
export class Subscriptions {
  readonly #parts: SubscriptionsParts
  readonly #byTopic = new Map<string, Subscription>()
  readonly #byChannel = new Map<number, Channel>()
  #lastId = 0
  #link: HubLink | undefined

  constructor(parts: SubscriptionsParts) {
    this.#parts = parts
  }

  /**
   * The reason code for SUBACK: the QoS that is granted, which is 0, or why none is. `open` begins
   * it.
   */
  add({ topic, rh = 0 }: ISubscription): number {
    const { identity, hubUrl } = this.#parts
    if (topic.startsWith('$share/')) return reasons.sharedNotSupported
    if (hubUrl === undefined) return reasons.unspecified
    const all = filtersOf(topic)
    if (all === undefined) return reasons.topicFilterInvalid
    // `a/#` is `a` as well, which a grant of `a.>` does not contain.
    const filters = all.filter((filter) => maySubscribe(identity, [filter]))
    if (filters.at(-1) !== all.at(-1)) return reasons.notAuthorized
    const known = this.#byTopic.get(topic)
    if (known === undefined && this.#byTopic.size >= ingestLimits.mqttFiltersMax) return reasons.quotaExceeded
    this.remove(topic)
    this.#lastId += 2
    const wantsRetained = rh === 0 || (rh === 1 && known === undefined)
    const places = { streams: new Map(), heads: new Map(), retainedOf: new Set<number>() }
    this.#byTopic.set(topic, { id: this.#lastId, filters, wantsRetained, isAsked: false, ...places })
    return reasons.granted
  }

  /** Asks the hub for what was added. */
  open(): void {
    const { hubUrl, token, failed } = this.#parts
    if (hubUrl === undefined || this.#byTopic.size === 0) return
    this.#link ??= new HubLink({
      url: hubUrl,
      token,
      opened: () => {
        this.#byChannel.clear()
        for (const each of this.#byTopic.values()) this.#ask(each)
      },
      received: (frame) => this.#received(frame),
      failed,
    })
    for (const each of this.#byTopic.values()) if (!each.isAsked) this.#ask(each)
  }

  /** The reason code for UNSUBACK. */
  remove(topic: string): number {
    const known = this.#byTopic.get(topic)
    if (known === undefined) return reasons.noSubscription
    this.#byTopic.delete(topic)
    this.#unsubscribe(known.id)
    this.#unsubscribe(known.id + 1)
    return reasons.granted
  }

  close(): void {
    this.#link?.close()
  }

  #ask(each: Subscription): void {
    const cursor = joinCursors([...each.streams.values()])
    each.isAsked = this.#subscribe(each.id, each.filters, Mode.ALL, cursor)
  }

  /** False while there is no hub: then all is asked for when there is one. */
  #subscribe(id: number, filters: readonly string[], mode: Mode, cursor?: Cursor): boolean {
    const value = { id, source: 'events', filters: [...filters], mode, intervalMs: 0, ...cursorField(cursor) }
    return this.#link?.send({ case: 'subscribe', value: { $typeName: 'weir.v1.Subscribe', ...value } }) ?? false
  }

  #unsubscribe(id: number): void {
    this.#link?.send({ case: 'unsubscribe', value: { $typeName: 'weir.v1.Unsubscribe', id } })
    for (const [channel, { subscription, isLive }] of this.#byChannel) {
      if (subscription.id + (isLive ? 0 : 1) === id) this.#byChannel.delete(channel)
    }
  }

  async #received(frame: ServerFrame['frame']): Promise<void> {
    if (frame.case === 'subscribed') this.#subscribed(frame.value)
    else if (frame.case === 'batch') await this.#batch(frame.value)
    else if (frame.case === 'refused') this.#parts.failed(new WeirError('forbidden', frame.value.message))
  }

  #subscribed({ id, channel, cursor, shards }: Subscribed): void {
    const isLive = id % 2 === 0
    const subscription = [...this.#byTopic.values()].find((each) => each.id === (isLive ? id : id - 1))
    if (subscription === undefined) return
    const { streams, heads } = subscription
    const begins = streams.size === 0
    if (isLive) streams.clear()
    else subscription.retainedOf.clear()
    for (const shard of shards?.shards ?? [{ channel, cursor }]) {
      if (shard.cursor === undefined) continue
      const at = cursorFromWire(shard.cursor)
      this.#byChannel.set(shard.channel, { subscription, isLive, epoch: at.epoch })
      if (!isLive) continue
      streams.set(at.epoch, at)
      if (begins) heads.set(at.epoch, at.seq)
    }
    if (isLive && subscription.wantsRetained) this.#subscribe(id + 1, subscription.filters, Mode.LATEST)
  }

  async #batch({ channel, to, entries }: Batch): Promise<void> {
    const known = this.#byChannel.get(channel)
    if (known === undefined) return
    const { writer } = this.#parts
    const { subscription, isLive, epoch } = known
    const head = subscription.heads.get(epoch) ?? 0
    for (const entry of entries) {
      if (!isLive && Number(entry.seq) > head) continue
      const packet = publishedEntry(entry, !isLive)
      if (packet !== undefined) writer.send(packet)
    }
    await writer.drained()
    const seq = Number(to)
    if (isLive) {
      if (subscription.streams.has(epoch)) subscription.streams.set(epoch, { epoch, seq })
    } else if (seq >= head) {
      subscription.retainedOf.add(epoch)
      if (subscription.retainedOf.size < subscription.streams.size) return
      subscription.wantsRetained = false
      this.#unsubscribe(subscription.id + 1)
    }
  }
}

interface Channel {
  readonly subscription: Subscription
  readonly isLive: boolean
  /** Of its stream. */
  readonly epoch: number
}

interface Subscription {
  /** Even; the one for what is retained has the next. */
  readonly id: number
  readonly filters: readonly string[]
  wantsRetained: boolean
  isAsked: boolean
  /** Behind what was sent of each stream, by its epoch, for when the hub is another. */
  readonly streams: Map<number, Cursor>
  /** Where it began in each: what is retained ends there. */
  readonly heads: Map<number, number>
  /** The streams of which all that is retained was sent. */
  readonly retainedOf: Set<number>
}

function filtersOf(topic: string): readonly string[] | undefined {
  try {
    const filters = topicFilters(topic)
    return filters.every(isFilter) ? filters : undefined
  } catch {
    return undefined
  }
}
