/**
 * Hot path. Budget: 2 us a message and its acknowledgement, guarded by
 * bench/src/publisher.bench.ts. The client's own js.publish costs ten times that: it makes a
 * request, a timer and a header object of each message.
 */
import { errors, type Msg, type NatsConnection } from '@nats-io/nats-core'
import { type WeirError, limits as wire } from '@weir/proto'
import { limits } from '../config/limits.ts'
import { watchConnection } from '../connection/connection-watch.ts'
import { Replies } from '../connection/replies.ts'
import type { Metrics } from '../run/metrics.ts'
import { eventSubject } from '../streams/layout.ts'
import { FrameWriter } from './frame-writer.ts'
import { ackSequence, parseAck } from './publish-ack.ts'
import { closed, draining, forbidden, late, overloaded, sendError, tooLarge, withoutId } from './publish-error.ts'
import { AllReceipt, OneReceipt, type Receipt, type Stored } from './publish-receipt.ts'
import { exportPublisher } from './publisher-metrics.ts'

/** One message to store. */
export interface Outgoing {
  /** The whole NATS subject. */
  readonly subject: string
  /** Becomes Nats-Msg-Id, by which the stream knows a duplicate. */
  readonly id: string
  /** Held until it is stored, so it must not change before. */
  readonly payload: Uint8Array
}

export interface PublisherOptions {
  /** How many messages may be unanswered. */
  readonly inFlightMax?: number
  /** How many bytes of payload they may hold. */
  readonly inFlightBytesMax?: number
  readonly deadlineMs?: number
  readonly metrics?: Metrics
}

/**
 * Publishes to streams, many messages at a time, each acknowledged. What got no answer is sent
 * again with the same id until the deadline: after two seconds, soon when the server says that the
 * stream has no leader, at once after a reconnect. First sends keep their order, and so does what a
 * reconnect sends again; a single retry may come after later messages.
 *
 * Fails with WeirError `overloaded` (at once: nothing queues here), `unavailable` (the deadline
 * passed, or the store cannot write), `quota_exceeded` (the stream is full and keeps what it has),
 * `too_large`, `invalid` (no id), `draining`.
 */
export class Publisher {
  readonly #inFlightMax: number
  readonly #inFlightBytesMax: number
  /** In the order of first sends. */
  readonly #replies: Replies<Pending>
  readonly #frames: FrameWriter
  readonly #watch: { stop(): void }
  #state: 'open' | 'draining' | 'closed' = 'open'
  #connected = true
  #bytes = 0
  #retries = 0
  #emptied: (() => void) | undefined

  constructor(nc: NatsConnection, options: PublisherOptions = {}) {
    this.#inFlightMax = options.inFlightMax ?? limits.publishInFlightMax
    this.#inFlightBytesMax = options.inFlightBytesMax ?? limits.publishInFlightBytesMax
    this.#replies = new Replies(nc, {
      deadlineMs: options.deadlineMs ?? limits.publishDeadlineMs,
      sweepMs: limits.publishSweepMs,
      read: (chunk, start, end, token, pending) => this.#read(chunk, start, end, token, pending),
      answered: (message, token, pending) => this.#answered(message, token, pending),
      expired: (pending) => this.#settled(pending, late()),
      passed: (token, pending) => {
        if (pending.retryAt > this.#replies.now) this.#replies.wakeAt(pending.retryAt)
        else if (this.#connected) this.#sendAgain(token, pending)
      },
    })
    this.#frames = new FrameWriter(nc, this.#replies.prefix)
    if (options.metrics !== undefined) {
      exportPublisher(options.metrics, () => ({
        inFlight: this.#replies.size,
        inFlightBytes: this.#bytes,
        publishes: this.#replies.count,
        retries: this.#retries,
      }))
    }
    this.#watch = watchConnection(nc, {
      // While there is no connection nothing is sent: the client would hold it without a bound, and
      // forget it when it dials.
      lost: () => {
        this.#connected = false
        this.#frames.discard()
      },
      restored: () => {
        this.#connected = true
        for (const [token, pending] of this.#replies) this.#sendAgain(token, pending)
      },
      closed: () => {
        this.#state = 'closed'
        for (const pending of this.#replies.takeAll()) this.#settled(pending, closed())
      },
      fault: (cause) => this.#failForbidden(cause),
    })
  }

  /** Stores an event in the stream of a tenant that has one, or of a shard of another. */
  publish(shard: string, subject: string, id: string, payload: Uint8Array): Promise<Stored> {
    return this.publishTo(eventSubject(shard, subject), id, payload)
  }

  /** Stores a message in whichever stream takes the NATS subject. */
  publishTo(subject: string, id: string, payload: Uint8Array): Promise<Stored> {
    const receipt = new OneReceipt()
    this.#take(subject, id, payload, receipt, 0)
    return receipt.promise
  }

  /**
   * The same for many, at half the cost a message: the outcome of each, in their order. Never
   * rejects.
   */
  publishAll(messages: readonly Outgoing[]): Promise<readonly (Stored | WeirError)[]> {
    const receipt = new AllReceipt(messages.length)
    for (let index = 0; index < messages.length; index++) {
      const { subject, id, payload } = messages[index] as Outgoing
      this.#take(subject, id, payload, receipt, index)
    }
    return receipt.promise
  }

  get inFlight(): number {
    return this.#replies.size
  }

  /**
   * Refuses what is new and resolves when everything unanswered is stored or has failed: at the
   * latest at the deadline.
   */
  async drain(): Promise<void> {
    if (this.#state === 'open') this.#state = 'draining'
    if (this.#replies.size > 0) {
      await new Promise<void>((resolve) => {
        this.#emptied = resolve
      })
    }
    this.#watch.stop()
    this.#replies.close()
  }

  #take(subject: string, id: string, payload: Uint8Array, receipt: Receipt, index: number): void {
    const refusal = this.#refusal(id, payload.length)
    if (refusal !== undefined) {
      receipt.settle(index, refusal)
      return
    }
    const pending: Pending = { subject, id, payload, receipt, index, deadline: 0, attempts: 0, retryAt: 0 }
    const token = this.#replies.add(pending)
    this.#bytes += payload.length
    if (this.#connected) this.#send(token, pending)
  }

  #refusal(id: string, size: number): WeirError | undefined {
    if (this.#state === 'draining') return draining()
    if (this.#state === 'closed') return closed()
    if (id === '') return withoutId()
    if (size > wire.eventBytesMax) return tooLarge(size)
    const fits = this.#replies.size < this.#inFlightMax && this.#bytes + size <= this.#inFlightBytesMax
    return fits ? undefined : overloaded()
  }

  #send(token: number, pending: Pending): void {
    pending.retryAt = this.#replies.now + limits.publishRetryMs * 2 ** pending.attempts
    this.#replies.wakeAt(pending.retryAt)
    pending.attempts++
    try {
      this.#frames.write(pending.subject, token, pending.id, pending.payload)
    } catch (cause) {
      this.#settle(token, pending, sendError(cause, pending.payload.length))
    }
  }

  #read(chunk: Uint8Array, start: number, end: number, token: number, pending: Pending): boolean {
    const seq = ackSequence(chunk, start, end)
    if (seq === 0) return false
    this.#settle(token, pending, { seq: Math.abs(seq), duplicate: seq < 0 && pending.attempts === 1 })
    return true
  }

  /** Of what `#read` left, and of an acknowledgement that came in two chunks. */
  #answered(msg: Msg, token: number, pending: Pending): void {
    const ack = parseAck(msg)
    switch (ack.kind) {
      case 'stored':
        this.#settle(token, pending, { seq: ack.seq, duplicate: ack.duplicate && pending.attempts === 1 })
        break
      case 'refused':
        this.#settle(token, pending, ack.error)
        break
      case 'later': {
        const waitMs = limits.publishRefusedRetryMs * 2 ** (pending.attempts - 1)
        pending.retryAt = this.#replies.now + Math.min(waitMs, limits.publishRefusedRetryMaxMs)
        this.#replies.wakeAt(pending.retryAt)
      }
    }
  }

  #settle(token: number, pending: Pending, outcome: Stored | WeirError): void {
    if (this.#replies.settle(token)) this.#settled(pending, outcome)
  }

  /** It waits no more. */
  #settled(pending: Pending, outcome: Stored | WeirError): void {
    this.#bytes -= pending.payload.length
    pending.receipt.settle(pending.index, outcome)
    if (this.#replies.size === 0) this.#emptied?.()
  }

  #sendAgain(token: number, pending: Pending): void {
    if (pending.attempts > 0) this.#retries++
    this.#send(token, pending)
  }

  /**
   * The server answers a publish that the user may not make with an error of the connection, which
   * names the subject.
   */
  #failForbidden(cause: Error): void {
    if (!(cause instanceof errors.PermissionViolationError) || cause.operation !== 'publish') return
    for (const [token, pending] of this.#replies) {
      if (pending.subject === cause.subject) this.#settle(token, pending, forbidden(cause))
    }
  }
}

interface Pending {
  readonly subject: string
  readonly id: string
  readonly payload: Uint8Array
  readonly receipt: Receipt
  readonly index: number
  deadline: number
  attempts: number
  retryAt: number
}
