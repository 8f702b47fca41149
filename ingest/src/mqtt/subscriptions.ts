import { type Identity, maySubscribe } from '@weir/mesh/edge'
import {
  type Batch,
  type Cursor,
  cursorFromWire,
  cursorToWire,
  isFilter,
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
  readonly #byChannel = new Map<number, { readonly subscription: Subscription; readonly isLive: boolean }>()
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
    this.#byTopic.set(topic, { id: this.#lastId, filters, wantsRetained, isAsked: false, cursor: undefined, head: 0 })
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
      refused: failed,
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
    each.isAsked = this.#subscribe(each.id, each.filters, Mode.ALL, each.cursor)
  }

  /** False while there is no hub: then all is asked for when there is one. */
  #subscribe(id: number, filters: readonly string[], mode: Mode, cursor?: Cursor): boolean {
    const place = cursor === undefined ? {} : { cursor: cursorToWire(cursor) }
    const value = { id, source: 'events', filters: [...filters], mode, intervalMs: 0, ...place }
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

  #subscribed({ id, channel, cursor }: Subscribed): void {
    const isLive = id % 2 === 0
    const subscription = [...this.#byTopic.values()].find((each) => each.id === (isLive ? id : id - 1))
    if (subscription === undefined || cursor === undefined) return
    this.#byChannel.set(channel, { subscription, isLive })
    if (!isLive) return
    const begins = subscription.cursor === undefined
    subscription.cursor = cursorFromWire(cursor)
    if (begins) subscription.head = subscription.cursor.seq
    if (subscription.wantsRetained) this.#subscribe(id + 1, subscription.filters, Mode.LATEST)
  }

  async #batch({ channel, to, entries }: Batch): Promise<void> {
    const known = this.#byChannel.get(channel)
    if (known === undefined) return
    const { writer } = this.#parts
    const { subscription, isLive } = known
    for (const entry of entries) {
      if (!isLive && Number(entry.seq) > subscription.head) continue
      const packet = publishedEntry(entry, !isLive)
      if (packet !== undefined) writer.send(packet)
    }
    await writer.drained()
    const seq = Number(to)
    if (isLive) {
      if (subscription.cursor !== undefined) subscription.cursor = { ...subscription.cursor, seq }
    } else if (seq >= subscription.head) {
      subscription.wantsRetained = false
      this.#unsubscribe(subscription.id + 1)
    }
  }
}

interface Subscription {
  /** Even; the one for what is retained has the next. */
  readonly id: number
  readonly filters: readonly string[]
  wantsRetained: boolean
  isAsked: boolean
  /** Behind what was sent, for when the hub is another. */
  cursor: Cursor | undefined
  /** Where it began: what is retained ends there. */
  head: number
}

function filtersOf(topic: string): readonly string[] | undefined {
  try {
    const filters = topicFilters(topic)
    return filters.every(isFilter) ? filters : undefined
  } catch {
    return undefined
  }
}
