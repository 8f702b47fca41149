import { type Goaway, type ServerFrame, WeirError } from '@weir/proto'
import { clientLimits } from '../limits.ts'
import { backoffMs } from '../platform/backoff.ts'
import { ConnectionStatus } from '../session/connection-status.ts'
import { Session, type SessionOptions } from '../session/session.ts'
import { Feed, type FeedRequest } from '../subscription/feed.ts'
import { FeedTable } from '../subscription/feed-table.ts'
import type { FeedSource } from '../subscription/subscription.ts'

export interface ConnectionOptions extends SessionOptions {
  /** 0 up to 1. */
  readonly random: () => number
}

/** Keeps one session to a hub, for as long as there are feeds: reconnects, resumes, and tells the state. */
export class Connection implements FeedSource {
  readonly status: ConnectionStatus = new ConnectionStatus()
  readonly #options: ConnectionOptions
  readonly #feeds: Set<Feed> = new Set()
  #session: Session | undefined
  #table: FeedTable | undefined
  #begun = false
  /** The next attempt waits for its time. */
  #retryPlanned = false
  #closed = false
  /** Failures in a row. */
  #failures = 0
  #welcomedAt = 0
  #cancelTimer = (): void => {}

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.status.subscribe((state) => {
      for (const feed of this.#feeds) feed.inbox.tell({ type: 'state', state })
    })
  }

  /** The first feed opens the connection. Throws `conflict` after `close`. */
  open(request: FeedRequest): Feed {
    if (this.#closed) throw this.#closedError()
    const feed = new Feed(request, (starved) => this.#table?.wake(starved))
    this.#feeds.add(feed)
    this.#table?.add(feed)
    if (!this.#begun) void this.#attempt()
    return feed
  }

  release(feed: Feed): void {
    this.#feeds.delete(feed)
    this.#table?.remove(feed)
    feed.inbox.finish(undefined)
    feed.inbox.clear()
  }

  /** The network may be back: what was planned for later is tried now. */
  retryNow(): void {
    if (this.#retryPlanned) void this.#attempt()
  }

  close(): void {
    this.#finish(undefined)
  }

  async #attempt(): Promise<void> {
    this.#begun = true
    this.#retryPlanned = false
    this.status.waits(this.status.attempt, undefined)
    this.#cancelTimer()
    const token = await this.#options.tokens.get().catch((thrown: unknown) => this.#lackToken(thrown))
    if (token === undefined || this.#closed) return
    try {
      this.#openSession(token)
    } catch (cause) {
      this.#finish(new WeirError('invalid', 'This address cannot be opened from here.', { cause }))
    }
  }

  #lackToken(thrown: unknown): undefined {
    if (!(thrown instanceof WeirError)) {
      this.#lost(new WeirError('unavailable', 'getToken failed; its error is the cause.', { cause: thrown }))
    } else if (thrown.retryable) this.#lost(thrown)
    else this.#finish(thrown)
  }

  #openSession(token: string): void {
    this.#session = new Session(this.#options, token, {
      welcomed: (hub) => this.#welcomed(hub),
      received: (frame, bytes) => this.#received(frame, bytes),
      strained: () => {
        this.status.apply('strained')
        this.#table?.strained()
      },
      eased: () => {
        this.status.apply('eased')
        this.#table?.eased()
      },
      ended: (error, mayRetry) => (mayRetry ? this.#lost(error) : this.#finish(error)),
    })
  }

  #welcomed(hub: string): void {
    const session = this.#session
    if (session === undefined) return
    this.#welcomedAt = this.#options.clock.now()
    this.status.welcomed(hub)
    this.status.apply('welcomed')
    const table = new FeedTable(session, this.#options.clock, this.#options.random, {
      resumed: () => this.#resumed(),
      refused: (feed, error) => {
        this.#feeds.delete(feed)
        feed.inbox.finish(error)
      },
      broken: (message) => {
        session.close()
        this.#lost(new WeirError('unavailable', message))
      },
    })
    this.#table = table
    for (const feed of this.#feeds) table.add(feed)
    if (this.#feeds.size === 0) this.#resumed()
  }

  #resumed(): void {
    this.status.apply('resumed')
    if (this.#session?.credit.isStrained) this.status.apply('strained')
  }

  #received(frame: ServerFrame['frame'], bytes: number): void {
    if (frame.case === 'goaway') this.#leave(frame.value)
    else this.#table?.received(frame, bytes)
  }

  /** The hub is about to go: the connection stays until its turn has come, and is then made anew at once. */
  #leave({ reason, reconnectAfterMs }: Goaway): void {
    this.#cancelTimer()
    this.#cancelTimer = this.#options.clock.after(reconnectAfterMs, () => {
      this.#session?.close()
      this.#drop()
      this.status.apply('lost', new WeirError('draining', `The hub asked to reconnect: ${reason}.`))
      void this.#attempt()
    })
  }

  #lost(error: WeirError): void {
    if (this.#closed) return
    const { clock, random, tokens } = this.#options
    if (this.#table !== undefined && clock.now() - this.#welcomedAt >= clientLimits.stableMs) this.#failures = 0
    if (error.code === 'token_expired') tokens.forget()
    this.#drop()
    const { reconnectBaseMs, reconnectMaxMs } = clientLimits
    const delayMs = backoffMs(this.#failures++, reconnectBaseMs, reconnectMaxMs, random)
    this.status.waits(this.status.attempt + 1, clock.now() + delayMs)
    this.status.apply('lost', error)
    this.#cancelTimer()
    this.#cancelTimer = clock.after(delayMs, () => void this.#attempt())
    this.#retryPlanned = true
  }

  #drop(): void {
    this.#table?.end()
    this.#table = undefined
    this.#session = undefined
  }

  #finish(error: WeirError | undefined): void {
    if (this.#closed) return
    this.#closed = true
    this.#retryPlanned = false
    this.#cancelTimer()
    this.#session?.close()
    this.#drop()
    this.status.apply('ended', error)
    for (const feed of this.#feeds) feed.inbox.finish(error)
    this.#feeds.clear()
  }

  #closedError(): WeirError {
    return new WeirError('conflict', 'This connection is closed: connect again.', { cause: this.status.error })
  }
}
