/// <reference lib="esnext.disposable" preserve="true" />

import { WeirError } from '@weir/proto'
import { producerLimits } from '../limits.ts'
import { callSafely } from '../platform/call-safely.ts'
import { type Clock, systemClock } from '../platform/clock.ts'
import { endpointUrl } from '../platform/endpoint-url.ts'
import type { Fetch } from '../platform/fetch.ts'
import { onPageEvent } from '../platform/page-event.ts'
import { type TokenOptions, TokenSource } from '../token/token-source.ts'
import { EventPost, type Rejection } from './event-post.ts'
import { Outbox, type WhenFull, whenFullPolicies } from './outbox.ts'
import { type EventInit, type OutboxItem, outboxItem } from './outbox-item.ts'

export interface ProducerOptions extends TokenOptions {
  /** Address of ingest, with any path before its own: `https://weir.example.com/ingest`. */
  readonly url: string
  /** Events in one request; the default is 500. */
  readonly maxItems?: number
  /** How long an event waits for others to travel with, at most; the default is 50. */
  readonly maxDelayMs?: number
  /** Bytes of events that wait or are on their way; the default is 8 MiB. */
  readonly bufferBytesMax?: number
  /** What happens to an event for which there is no room; the default is `block`. */
  readonly whenFull?: WhenFull
  /**
   * Events that could not be delivered for so long are given up; the default is 10 minutes. Past 2
   * minutes, an event whose answer was lost may be stored twice.
   */
  readonly giveUpMs?: number
  /**
   * Is told of each event that will not be stored: rejected by ingest, dropped by `whenFull`, or
   * given up.
   */
  readonly onRejected?: (rejection: Rejection) => void
  /** Instead of the global one. */
  readonly fetch?: Fetch
}

/** What a producer's surroundings look like from a test. */
export interface ProducerSurroundings {
  readonly clock: Clock
  /** 0 up to 1. */
  readonly random: () => number
  /**
   * Calls the action when a page goes away, for good or into the browser's cache; what it returns
   * ends that.
   */
  readonly onPageHide: (action: () => void) => () => void
}

/**
 * Sends events to ingest in batches, in order, one request at a time. While a request is under way
 * the next batch gathers, so batches grow with the load. Retries carry the same ids, so an event is
 * stored once however often it had to be sent.
 */
export class Producer {
  readonly #clock: Clock
  readonly #maxItems: number
  readonly #maxDelayMs: number
  readonly #outbox: Outbox
  readonly #post: EventPost
  readonly #forgetPage: () => void
  #cancelDelay: (() => void) | undefined
  #sending = false
  #closed = false

  /** Not for applications: `producer` makes them. */
  constructor(options: ProducerOptions, { clock, random, onPageHide }: ProducerSurroundings) {
    const { maxItems, maxDelayMs, bufferBytesMax, giveUpMs } = { ...producerLimits, ...options }
    for (const [name, value] of Object.entries({ maxItems, bufferBytesMax })) checkPositive(name, value)
    const { whenFull = 'block', onRejected = () => {} } = options
    if (!whenFullPolicies.includes(whenFull)) {
      throw new WeirError('invalid', `whenFull must be one of ${whenFullPolicies.join(', ')}.`)
    }
    this.#clock = clock
    this.#maxItems = maxItems
    this.#maxDelayMs = maxDelayMs
    this.#outbox = new Outbox({
      bytesMax: bufferBytesMax,
      whenFull,
      sendersMax: producerLimits.sendersMax,
      dropped: ({ subject, id }) => {
        callSafely(onRejected, { subject, id, code: 'overloaded', message: 'The buffer of the producer was full.' })
      },
    })
    this.#post = new EventPost({
      url: endpointUrl(options.url, '/v1/events', 'http'),
      tokens: new TokenSource(options, clock),
      fetch: options.fetch ?? globalThis.fetch,
      clock,
      random,
      giveUpMs,
      rejected: (rejection) => callSafely(onRejected, rejection),
    })
    this.#forgetPage = onPageHide(() => this.#leavePage())
  }

  /** Bytes of events that wait or are on their way. */
  get bufferedBytes(): number {
    return this.#outbox.bytes
  }

  /**
   * Resolves when the event is in the buffer: await it, and a full buffer slows you down. Rejects
   * with `malformed`, `invalid` or `too_large` for an event that cannot be sent, `overloaded` by
   * policy, `conflict` after `close`.
   */
  async send(subject: string, event: EventInit): Promise<void> {
    if (this.#closed) throw new WeirError('conflict', 'This producer is closed: make another one.')
    await this.#outbox.put(outboxItem(subject, event, this.#clock.now()))
    if (this.#outbox.waitingCount >= this.#maxItems) void this.#sendAll()
    else this.#cancelDelay ??= this.#clock.after(this.#maxDelayMs, () => void this.#sendAll())
  }

  /**
   * Sends at once what waits, and resolves when everything sent so far is stored or was reported as
   * rejected.
   */
  flush(): Promise<void> {
    void this.#sendAll()
    return this.#outbox.flushed()
  }

  /** Takes no more events, flushes, and after `deadlineMs` gives up and reports what is left. */
  async close(deadlineMs: number = producerLimits.closeMs): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#forgetPage()
    const cancel = this.#clock.after(deadlineMs, () => this.#post.end())
    await this.flush()
    cancel()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #sendAll(): Promise<void> {
    this.#cancelDelay?.()
    this.#cancelDelay = undefined
    if (this.#sending) return
    this.#sending = true
    while (this.#outbox.waitingCount > 0) {
      await this.#post.deliver(this.#outbox.take(this.#maxItems, producerLimits.batchBytesMax))
      this.#outbox.settle()
    }
    this.#sending = false
  }

  /**
   * Requests that are under way may be cut off now; one small request outlives the page. The same
   * ids make it harmless.
   */
  #leavePage(): void {
    const items: OutboxItem[] = []
    let bytes = 0
    for (const item of this.#outbox.all()) {
      bytes += item.bytes.length
      if (bytes > producerLimits.keepaliveBytesMax) break
      items.push(item)
    }
    if (items.length > 0) void this.#post.deliverLeaving(items)
  }
}

/** Throws WeirError `invalid` for options that cannot work. */
export function producer(options: ProducerOptions): Producer {
  return new Producer(options, {
    clock: systemClock,
    random: Math.random,
    onPageHide: (action) => onPageEvent('pagehide', action),
  })
}

function checkPositive(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) throw new WeirError('invalid', `${name} must be a whole number above 0.`)
}
