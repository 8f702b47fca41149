/**
 * Hot path. Budget: 0.3 us a message and its answer beside the NATS client, guarded by
 * bench/src/publisher.bench.ts.
 */
import type { Msg, NatsConnection } from '@nats-io/nats-core'
import { type Frame, LINE_END_BYTES } from './frame-parser.ts'
import { newInbox } from './inbox.ts'
import { readAhead } from './read-ahead.ts'
import { TokenTable } from './token-table.ts'

/** What waits for an answer. */
export interface Waiting {
  /** Milliseconds of Date.now(); the table sets it. */
  deadline: number
}

export interface RepliesOptions<W extends Waiting> {
  readonly deadlineMs: number
  /** How often what waits is looked at: the precision of the deadline. */
  readonly sweepMs: number
  /** It waits on until it is settled. */
  readonly answered: (message: Msg, token: number, waiting: W) => void
  /**
   * Reads a plain answer, without headers, from the bytes of the connection, `start` to `end` of
   * `chunk`, before the client makes a message of it. Returns false to have it told to `answered`.
   */
  readonly read?: (chunk: Uint8Array, start: number, end: number, token: number, waiting: W) => boolean
  /** No answer came in time; it waits no more. */
  readonly expired: (waiting: W) => void
  /** For all that waits on, when the time that wakeAt was given has come. */
  readonly passed?: (token: number, waiting: W) => void
}

/**
 * Many messages that are each answered, over one inbox: the last token of the subject of an answer
 * says whose it is. Nothing is sent here. One timer serves all deadlines, and only while something
 * waits.
 */
export class Replies<W extends Waiting> {
  readonly #nc: NatsConnection
  readonly #options: RepliesOptions<W>
  readonly #deadlineMs: number
  /** What stands before the token in the subject of an answer. */
  readonly prefix: string
  readonly #subscription: { unsubscribe(): void }
  readonly #ahead: { stop(): void } | undefined
  /** By token, so in the order of sending; a token is never used twice. */
  readonly #waiting = new TokenTable<W>()
  #now = 0
  /** Nothing has to be looked at before. */
  #wakeAt = 0
  #timer: ReturnType<typeof setInterval> | undefined

  constructor(nc: NatsConnection, options: RepliesOptions<W>) {
    this.#nc = nc
    this.#options = options
    this.#deadlineMs = options.deadlineMs
    this.prefix = `${newInbox(nc)}.`
    const subscription = nc.subscribe(`${this.prefix}*`, {
      // The user may not hear its inbox: the connection logs that, and what waits expires.
      callback: (error, message) => {
        if (error === null) this.#replied(message)
      },
    })
    this.#subscription = subscription
    const { read } = options
    if (read !== undefined) {
      this.#ahead = readAhead(nc, subscription, { hand: (chunk, frame) => this.#readAhead(chunk, frame, read) })
    }
  }

  get size(): number {
    return this.#waiting.size
  }

  /** Tokens that were given out. */
  get count(): number {
    return this.#waiting.count
  }

  /**
   * Milliseconds at the last sweep while something waits: precise enough for deadlines, and free.
   */
  get now(): number {
    return this.#now
  }

  /**
   * Has all that waits looked at when this time has come, at the latest: milliseconds as of `now`.
   * A walk over thousands that wait at each sweep would cost a tenth of publishing.
   */
  wakeAt(ms: number): void {
    if (ms < this.#wakeAt) this.#wakeAt = ms
  }

  /** Lets it wait, up to the deadline from now on; gives its token. */
  add(waiting: W): number {
    if (this.#timer === undefined) this.#startSweep()
    waiting.deadline = this.#now + this.#deadlineMs
    this.wakeAt(waiting.deadline)
    return this.#waiting.add(waiting)
  }

  /** Where the answer to this token goes. */
  subjectOf(token: number): string {
    return this.prefix + token
  }

  get(token: number): W | undefined {
    return this.#waiting.get(token)
  }

  /** It waits no more; false when it did not. */
  settle(token: number): boolean {
    return this.#waiting.delete(token)
  }

  [Symbol.iterator](): Iterator<readonly [number, W]> {
    return this.#waiting.entries()
  }

  /** All that waits, which waits no more. */
  takeAll(): readonly W[] {
    const all = Array.from(this.#waiting.entries(), ([, waiting]) => waiting)
    this.#waiting.clear()
    return all
  }

  /** Hears no answer any more; what waits does not even expire. */
  close(): void {
    this.#stopSweep()
    this.#ahead?.stop()
    if (!this.#nc.isClosed()) this.#subscription.unsubscribe()
  }

  #readAhead(chunk: Uint8Array, frame: Frame, read: NonNullable<RepliesOptions<W>['read']>): boolean {
    if (frame.headerStart >= 0) return false
    let token = 0
    for (let at = frame.subjectStart + this.prefix.length; at < frame.subjectEnd; at++) {
      token = token * 10 + (chunk[at] as number) - ZERO
    }
    const waiting = this.#waiting.get(token)
    return waiting === undefined || read(chunk, frame.payloadStart, frame.end - LINE_END_BYTES, token, waiting)
  }

  #replied(message: Msg): void {
    const token = Number(message.subject.slice(this.prefix.length))
    const waiting = this.#waiting.get(token)
    if (waiting !== undefined) this.#options.answered(message, token, waiting)
  }

  #startSweep(): void {
    this.#now = Date.now()
    this.#wakeAt = Number.POSITIVE_INFINITY
    this.#timer = setInterval(() => this.#sweep(), this.#options.sweepMs)
  }

  #stopSweep(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #sweep(): void {
    if (this.#waiting.size === 0) {
      this.#stopSweep()
      return
    }
    this.#now = Date.now()
    if (this.#now < this.#wakeAt) return
    this.#wakeAt = Number.POSITIVE_INFINITY
    const { expired, passed } = this.#options
    for (const [token, waiting] of this.#waiting.entries()) {
      if (waiting.deadline <= this.#now) {
        this.#waiting.delete(token)
        expired(waiting)
        continue
      }
      this.wakeAt(waiting.deadline)
      // Deadlines come in the order of sending.
      if (passed === undefined) return
      passed(token, waiting)
    }
  }
}

const ZERO = 0x30
