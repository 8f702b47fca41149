/**
 * Hot path. Budget: 2 us a message, guarded by bench/src/publisher.bench.ts. The NATS client's own js.publish costs 14 us
 * on Bun and 36 on Node: it makes a request, a timer and a header object of each message.
 */
import type { Msg, NatsConnection, PublishOptions, Subscription } from '@nats-io/nats-core'
import { createInbox } from '@nats-io/nats-core'
import { WeirError, limits as wire } from '@weir/proto'
import { limits } from '../limits.ts'
import { eventSubject } from './layout.ts'
import { MsgIdHeader } from './msg-id-header.ts'
import { parseAck } from './publish-ack.ts'

/** Where the stream keeps the event. */
export interface Stored {
  readonly seq: number
  /** The id was stored before. After a retry it cannot be told from one's own first attempt, and is false. */
  readonly duplicate: boolean
}

export interface PublisherOptions {
  readonly inFlightMax?: number
  readonly inFlightBytesMax?: number
  readonly deadlineMs?: number
}

interface Pending {
  readonly subject: string
  readonly header: MsgIdHeader
  readonly payload: Uint8Array
  readonly resolve: (stored: Stored) => void
  readonly reject: (error: WeirError) => void
  readonly deadline: number
  attempts: number
  retryAt: number
}

/** Publishes to streams, many at a time, each acknowledged. What is lost on the way is sent again with the same id. */
export class Publisher {
  readonly #nc: NatsConnection
  readonly #inFlightMax: number
  readonly #inFlightBytesMax: number
  readonly #deadlineMs: number
  readonly #inbox: string
  readonly #replies: Subscription
  readonly #pending = new Map<number, Pending>()
  #bytes = 0
  #counter = 0
  #connected = true
  #draining = false
  #now = 0
  #sweep: ReturnType<typeof setInterval> | undefined
  #idle: (() => void) | undefined

  constructor(nc: NatsConnection, options: PublisherOptions = {}) {
    this.#nc = nc
    this.#inFlightMax = options.inFlightMax ?? limits.publishInFlightMax
    this.#inFlightBytesMax = options.inFlightBytesMax ?? limits.publishInFlightBytesMax
    this.#deadlineMs = options.deadlineMs ?? limits.publishDeadlineMs
    this.#inbox = `${createInboxOf(nc)}.`
    this.#replies = nc.subscribe(`${this.#inbox}*`, { callback: (_error, msg) => this.#replied(msg) })
    void this.#watch()
  }

  /** Stores an event in the stream of a tenant. */
  publish(tenant: string, subject: string, id: string, payload: Uint8Array): Promise<Stored> {
    return this.publishTo(eventSubject(tenant, subject), id, payload)
  }

  /**
   * Publishes to a whole NATS subject that some stream takes. First sends keep their order. Rejects with WeirError:
   * `overloaded` at once when too much is unanswered, `unavailable` past the deadline, `quota_exceeded` when the stream is
   * full, `too_large`, `draining`.
   */
  publishTo(subject: string, id: string, payload: Uint8Array): Promise<Stored> {
    const refusal = this.#refusal(id, payload)
    if (refusal !== undefined) return Promise.reject(refusal)
    return new Promise((resolve, reject) => {
      if (this.#sweep === undefined) this.#startSweep()
      const pending: Pending = {
        subject,
        header: new MsgIdHeader(id),
        payload,
        resolve,
        reject,
        deadline: this.#now + this.#deadlineMs,
        attempts: 0,
        retryAt: 0,
      }
      const token = this.#counter++
      this.#pending.set(token, pending)
      this.#bytes += payload.length
      if (this.#connected) this.#send(token, pending)
    })
  }

  /** Refuses what is new and resolves when everything in flight is stored or has failed. */
  async drain(): Promise<void> {
    this.#draining = true
    if (this.#pending.size > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve
      })
    }
    if (!this.#nc.isClosed()) this.#replies.unsubscribe()
  }

  #refusal(id: string, payload: Uint8Array): WeirError | undefined {
    if (this.#draining) return new WeirError('draining', 'This service is stopping: send to another one.')
    if (id === '') return new WeirError('invalid', 'An event without an id cannot be published.')
    if (payload.length > wire.eventBytesMax) return tooLarge(payload.length)
    if (this.#pending.size >= this.#inFlightMax || this.#bytes + payload.length > this.#inFlightBytesMax) {
      return new WeirError('overloaded', 'More events are waiting for the store than may: send slower, or again later.')
    }
    return undefined
  }

  #send(token: number, pending: Pending): void {
    pending.attempts++
    pending.retryAt = this.#now + limits.publishRetryMs * 2 ** (pending.attempts - 1)
    const options = { reply: this.#inbox + token, headers: pending.header } as unknown as PublishOptions
    try {
      this.#nc.publish(pending.subject, pending.payload, options)
    } catch (cause) {
      this.#settle(token, pending).reject(publishError(cause, pending))
    }
  }

  #replied(msg: Msg): void {
    const token = Number(msg.subject.slice(this.#inbox.length))
    const pending = this.#pending.get(token)
    if (pending === undefined) return
    const ack = parseAck(msg)
    switch (ack.kind) {
      case 'stored':
        this.#settle(token, pending).resolve({ seq: ack.seq, duplicate: ack.duplicate && pending.attempts === 1 })
        return
      case 'failed':
        this.#settle(token, pending).reject(ack.error)
        return
      case 'nobody':
        pending.retryAt = this.#now + limits.publishNoResponderRetryMs * 2 ** pending.attempts
    }
  }

  #settle(token: number, pending: Pending): Pending {
    this.#pending.delete(token)
    this.#bytes -= pending.payload.length
    if (this.#pending.size === 0) {
      clearInterval(this.#sweep)
      this.#sweep = undefined
      this.#idle?.()
    }
    return pending
  }

  #startSweep(): void {
    this.#now = Date.now()
    this.#sweep = setInterval(() => this.#sweepPending(), limits.publishSweepMs)
  }

  #sweepPending(): void {
    this.#now = Date.now()
    for (const [token, pending] of this.#pending) {
      if (pending.deadline <= this.#now) {
        this.#settle(token, pending).reject(
          new WeirError('unavailable', 'The store did not acknowledge in time: send again with the same id.'),
        )
      } else if (this.#connected && pending.retryAt <= this.#now) this.#send(token, pending)
    }
  }

  async #watch(): Promise<void> {
    for await (const status of this.#nc.status()) {
      if (status.type === 'disconnect') this.#connected = false
      else if (status.type === 'reconnect') {
        this.#connected = true
        for (const [token, pending] of this.#pending) this.#send(token, pending)
      }
    }
    this.#connected = false
  }
}

function createInboxOf(nc: NatsConnection): string {
  const { inboxPrefix } = (nc as unknown as { options: { inboxPrefix?: string } }).options
  return createInbox(inboxPrefix)
}

function publishError(cause: unknown, pending: Pending): WeirError {
  if (cause instanceof Error && cause.message.includes('max_payload')) return tooLarge(pending.payload.length)
  return new WeirError('unavailable', 'The connection to the store is closed.', { cause })
}

function tooLarge(size: number): WeirError {
  return new WeirError('too_large', `The event has ${size} bytes; at most ${wire.eventBytesMax} are allowed.`)
}
