import { backoffMs, type Refused, type Subscribed, type WeirError } from '@weir/proto'
import { clientLimits } from '../limits.ts'
import type { Clock } from '../platform/clock.ts'
import { refusal } from '../session/close-error.ts'
import type { HubBatch, HubFrame } from '../session/codec.ts'
import type { Session } from '../session/session.ts'
import type { Feed } from './feed.ts'
import { Relief } from './relief.ts'

export interface FeedTableEvents {
  /** Every feed has its answer. Comes again after each answer that leaves none open. */
  resumed(): void
  /** The hub will not serve this feed; it is no longer in the table. */
  refused(feed: Feed, error: WeirError): void
  /** The hub's frames make no sense together: the session is to be ended. */
  broken(message: string): void
}

/**
 * The feeds of one session: which id and channel each has there, and whether the hub has answered.
 *
 * The window is shared by all feeds of a connection, so one that is not read could hold up the
 * others. It is set aside then: unsubscribed, its unread bytes given back, and resumed at its
 * position as soon as the application reads it again.
 */
export class FeedTable {
  readonly #session: Session
  readonly #clock: Clock
  readonly #random: () => number
  readonly #events: FeedTableEvents
  readonly #tickets: Map<Feed, Ticket> = new Map()
  readonly #ids: Map<number, Feed> = new Map()
  readonly #channels: Map<number, Feed> = new Map()
  #lastId = 0
  #restarts = 0
  readonly #relief: Relief

  constructor(session: Session, clock: Clock, random: () => number, events: FeedTableEvents) {
    this.#session = session
    this.#clock = clock
    this.#random = random
    this.#events = events
    this.#relief = new Relief(
      clock,
      () => this.#served(),
      (feed) => this.#park(feed),
    )
  }

  add(feed: Feed): void {
    const ticket: Ticket = {
      id: 0,
      channels: [],
      phase: 'parked',
      refusals: 0,
      cancelRetry: nothing,
    }
    this.#tickets.set(feed, ticket)
    this.#ask(feed, ticket)
  }

  remove(feed: Feed): void {
    const ticket = this.#tickets.get(feed)
    if (ticket === undefined) return
    this.#tickets.delete(feed)
    this.#withdraw(ticket)
    this.#announceResumed()
  }

  /** Asks again where the application is, as what is asked for has changed. */
  renew(feed: Feed): void {
    const ticket = this.#tickets.get(feed)
    if (ticket?.phase !== 'asked' && ticket?.phase !== 'served') return
    this.#withdraw(ticket)
    this.#ask(feed, ticket)
  }

  /** The application waits for this feed. */
  wake(feed: Feed): void {
    const ticket = this.#tickets.get(feed)
    if (ticket?.phase === 'parked') this.#ask(feed, ticket)
  }

  end(): void {
    this.#relief.rest()
    for (const ticket of this.#tickets.values()) ticket.cancelRetry()
  }

  received(frame: HubFrame, bytes: number): void {
    switch (frame.case) {
      case 'subscribed':
        this.#subscribed(frame.value)
        break
      case 'batch':
        this.#batch(frame.value, bytes)
        break
      case 'gap': {
        const feed = this.#ids.get(frame.value.id)
        if (feed !== undefined && !feed.gap(frame.value)) this.#restart(feed)
        break
      }
      case 'refused':
        this.#refused(frame.value)
        break
    }
  }

  strained(): void {
    this.#relief.watch()
  }

  eased(): void {
    this.#relief.rest()
  }

  #ask(feed: Feed, ticket: Ticket): void {
    ticket.id = ++this.#lastId
    ticket.phase = 'asked'
    this.#ids.set(ticket.id, feed)
    this.#session.send({ case: 'subscribe', value: feed.restart(ticket.id) })
  }

  /** Takes a feed out of the hub, if it is there. What is still on its way for it is dropped. */
  #withdraw(ticket: Ticket): void {
    ticket.cancelRetry()
    this.#ids.delete(ticket.id)
    this.#leaveChannel(ticket)
    if (ticket.phase === 'asked' || ticket.phase === 'served') {
      this.#session.send({ case: 'unsubscribe', value: { $typeName: 'weir.v1.Unsubscribe', id: ticket.id } })
    }
  }

  #subscribed(frame: Subscribed): void {
    const feed = this.#ids.get(frame.id)
    const ticket = feed && this.#tickets.get(feed)
    if (feed === undefined || ticket === undefined) return
    this.#leaveChannel(ticket)
    if (!feed.subscribed(frame)) {
      this.#restart(feed)
      return
    }
    ticket.phase = 'served'
    ticket.refusals = 0
    ticket.channels = feed.channels
    if (feed.channels.some((channel) => this.#channels.has(channel))) {
      this.#events.broken('The hub gave two subscriptions of this connection one channel.')
      return
    }
    for (const channel of feed.channels) this.#channels.set(channel, feed)
    this.#announceResumed()
  }

  #batch(batch: HubBatch, bytes: number): void {
    const { credit } = this.#session
    credit.received(bytes)
    const feed = this.#channels.get(batch.channel)
    if (feed?.expects(batch)) {
      feed.batch(batch, bytes, (finished) => credit.finished(finished))
      return
    }
    credit.finished(bytes)
    if (feed !== undefined) this.#restart(feed)
  }

  #refused(frame: Refused): void {
    const { id } = frame
    const feed = this.#ids.get(id)
    const ticket = feed && this.#tickets.get(feed)
    if (feed === undefined || ticket === undefined) return
    const error = refusal(frame)
    this.#ids.delete(id)
    this.#leaveChannel(ticket)
    ticket.phase = 'refused'
    if (error.retryable) {
      const { reconnectBaseMs, reconnectMaxMs } = clientLimits
      const delayMs = backoffMs(ticket.refusals++, reconnectBaseMs, reconnectMaxMs, this.#random)
      ticket.cancelRetry = this.#clock.after(delayMs, () => this.#ask(feed, ticket))
    } else {
      this.#tickets.delete(feed)
      this.#events.refused(feed, error)
    }
    this.#announceResumed()
  }

  /** It cannot follow what the hub sends: it begins again where the application is. */
  #restart(feed: Feed): void {
    const ticket = this.#tickets.get(feed)
    if (ticket === undefined) return
    if (++this.#restarts > clientLimits.restartsMax) {
      this.#events.broken('The hub does not continue where it ended.')
      return
    }
    this.renew(feed)
  }

  /** Unless it is alone: then it holds up nobody, and what it has is what it will read next. */
  #park(feed: Feed): void {
    const ticket = this.#tickets.get(feed)
    if (ticket === undefined || this.#tickets.size === 1) return
    this.#withdraw(ticket)
    ticket.phase = 'parked'
    feed.inbox.clear()
  }

  #served(): Feed[] {
    return [...this.#tickets].filter(([, { phase }]) => phase === 'served').map(([feed]) => feed)
  }

  #leaveChannel(ticket: Ticket): void {
    for (const channel of ticket.channels) this.#channels.delete(channel)
    ticket.channels = []
  }

  #announceResumed(): void {
    for (const { phase } of this.#tickets.values()) if (phase === 'asked') return
    this.#events.resumed()
  }
}

/** What a session knows of a feed. */
interface Ticket {
  id: number
  channels: readonly number[]
  /**
   * `asked`: no answer yet. `refused`: for now; it is asked for again. `parked`: not asked for
   * until it is read.
   */
  phase: 'asked' | 'served' | 'refused' | 'parked'
  /** In a row. */
  refusals: number
  cancelRetry: () => void
}

function nothing(): void {}
