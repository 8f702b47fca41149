import { backoffMs, type Goaway, WeirError } from '@weir/proto'
import { clientLimits } from '../limits.ts'
import type { HubFrame } from '../session/codec.ts'
import type { ConnectionState } from '../session/connection-state.ts'
import { ConnectionStatus } from '../session/connection-status.ts'
import { Session, type SessionOptions } from '../session/session.ts'
import { Feed, type FeedRequest } from '../subscription/feed.ts'
import { FeedTable } from '../subscription/feed-table.ts'
import type { FeedSource } from '../subscription/subscription.ts'

export interface ConnectionOptions extends Omit<SessionOptions, 'url'> {
  /** Of hubs, each `.../v1/ws`; tried in turn. */
  readonly urls: readonly string[]
  /** Why no WebSocket could be opened there, as far as it can be told. Never rejects. */
  readonly addressFault: (url: string) => Promise<WeirError | undefined>
  /** 0 up to 1. */
  readonly random: () => number
}

/**
 * Keeps one session to a hub, for as long as there are feeds: reconnects, resumes, and tells the
 * state.
 */
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
  /** Attempts, which go through the addresses in turn; one that works is kept. */
  #urlAt = 0
  /** The hub has refused a token since the last Welcome, and another was asked for. */
  #tokenRefused = false
  /** Answers in a row that no hub gives. */
  #foreignAnswers = 0
  #everWelcomed = false
  #welcomedAt = 0
  #cancelTimer = (): void => {}
  #isHidden = false
  #cancelHide = (): void => {}

  constructor(options: ConnectionOptions) {
    this.#options = options
    let told: ConnectionState | undefined
    this.status.subscribe((state) => {
      if (state === told) return
      told = state
      for (const feed of this.#feeds) feed.inbox.tell({ type: 'state', state })
    })
  }

  /** The first feed opens the connection. Throws `conflict` after `close`. */
  open(request: FeedRequest): Feed {
    if (this.#closed) throw this.#closedError()
    const feed = new Feed(request, this.#options.codec.decodeEvent, (starved) => this.#table?.wake(starved))
    feed.pace(this.#isHidden)
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

  /**
   * The network may be another: an attempt that waits begins, and a session must show that it
   * lives.
   */
  wake(): void {
    if (this.#retryPlanned) void this.#attempt()
    else this.#session?.check()
  }

  /**
   * While nobody sees the page, mode LATEST is told less often. When it is seen again, each
   * subscription goes on from where it is without a pause, so that the newest comes at once.
   */
  sight(isSeen: boolean): void {
    this.#cancelHide()
    if (isSeen) this.#pace(false)
    else this.#cancelHide = this.#options.clock.after(clientLimits.hiddenAfterMs, () => this.#pace(true))
  }

  close(): void {
    this.#finish(undefined)
  }

  #pace(isHidden: boolean): void {
    this.#isHidden = isHidden
    for (const feed of this.#feeds) if (feed.pace(isHidden)) this.#table?.renew(feed)
  }

  async #attempt(): Promise<void> {
    this.#begun = true
    this.#retryPlanned = false
    this.status.waits(this.status.attempt, undefined)
    this.#cancelTimer()
    const token = await this.#options.tokens.get().catch((error: WeirError) => {
      if (error.retryable) this.#lost(error)
      else this.#finish(error)
    })
    if (token === undefined || this.#closed) return
    try {
      this.#openSession(token)
    } catch (cause) {
      this.#finish(new WeirError('invalid', 'This address cannot be opened from here.', { cause }))
    }
  }

  #openSession(token: string): void {
    const session = new Session({ ...this.#options, url: this.#url }, token, {
      welcomed: (hub) => this.#welcomed(hub),
      received: (frame, bytes) => this.#received(frame, bytes),
      tokenMissed: (error) => this.status.missesToken(error),
      strained: () => {
        this.status.apply('strained')
        this.#table?.strained()
      },
      eased: () => {
        this.status.apply('eased')
        this.#table?.eased()
      },
      ended: (error, mayRetry) => {
        if (!mayRetry) this.#refused(error)
        else {
          if (!session.wasOpened) void this.#explain(this.#url)
          this.#lost(error)
        }
      },
    })
    this.#session = session
  }

  get #url(): string {
    const { urls } = this.#options
    return urls[this.#urlAt % urls.length] as string
  }

  /**
   * A token may have been good when it was kept, and its key has changed since: the application is
   * asked once more.
   */
  #refused(error: WeirError): void {
    if (error.code !== 'unauthenticated' || this.#tokenRefused || !this.#options.tokens.forget()) {
      this.#finish(error)
      return
    }
    this.#tokenRefused = true
    this.#drop()
    this.status.apply('lost', error)
    void this.#attempt()
  }

  /**
   * Looks whether the address can be right. One that never was is given up; a hub that was there
   * may come back.
   */
  async #explain(url: string): Promise<void> {
    const fault = await this.#options.addressFault(url)
    this.#foreignAnswers = fault === undefined ? 0 : this.#foreignAnswers + 1
    if (fault === undefined || this.#closed) return
    const { urls } = this.#options
    const isHopeless = !this.#everWelcomed && this.#foreignAnswers >= clientLimits.foreignAnswersMax * urls.length
    if (isHopeless) this.#finish(fault)
    else this.status.explain(fault)
  }

  #welcomed(hub: string): void {
    const session = this.#session
    if (session === undefined) return
    this.#welcomedAt = this.#options.clock.now()
    this.#everWelcomed = true
    this.#tokenRefused = false
    this.#foreignAnswers = 0
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

  #received(frame: HubFrame, bytes: number): void {
    if (frame.case === 'goaway') this.#leave(frame.value)
    else this.#table?.received(frame, bytes)
  }

  /**
   * The hub is about to go: the connection stays until its turn has come, and is then made anew at
   * once.
   */
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
    if (error.code === 'token_expired' && !tokens.forget()) {
      this.#finish(error)
      return
    }
    if (this.#table !== undefined && clock.now() - this.#welcomedAt >= clientLimits.stableMs) this.#failures = 0
    if (this.#table === undefined) this.#urlAt++
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
    this.#cancelHide()
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
