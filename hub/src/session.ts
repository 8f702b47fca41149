import type { Identity, Logger, Verifier } from '@weir/mesh'
import { maySubscribe } from '@weir/mesh'
import {
  asWeirError,
  type ClientFrame,
  canonicalFilters,
  checkFilter,
  checkSource,
  closeCode,
  cursorFromWire,
  type Hello,
  Mode,
  type ServerFrame,
  type Subscribe,
  WeirError,
} from '@weir/proto'
import type { Codec } from './codec.ts'
import { Credit } from './credit.ts'
import { limits } from './limits.ts'
import type { Link } from './link.ts'
import type { Receiver } from './receiver.ts'
import type { Source } from './source.ts'
import type { Sources } from './sources.ts'
import type { Subscriber } from './subscriber.ts'

/**
 * One connection: who it is, what it reads, and how much it may be sent. The states are greeting (until Hello was answered),
 * open and closed; docs/protocol.md has the table.
 */
export class Session implements Receiver {
  readonly id: string
  readonly link: Link
  readonly codec: Codec
  readonly openedAt: number
  readonly #hub: SessionHub
  readonly #credit: Credit
  /** From the Authorization header or the subprotocol; Hello's own comes first. */
  readonly #outerToken: string | undefined
  #subscriptions: Subscription[] = []
  #identity: Identity | undefined
  #client = ''
  #closed = false
  /** Frames are handled one after another; those that come while one waits for NATS or a key stand here. */
  #waiting: ClientFrame['frame'][] = []
  #busy = false
  #frameAllowance: number
  #allowedAt: number
  /** Something was sent since the last heartbeat. */
  #spoke = false

  constructor(link: Link, codec: Codec, hub: SessionHub, outerToken: string | undefined) {
    const { settings, now } = hub
    this.id = hub.nextSession()
    this.link = link
    this.codec = codec
    this.openedAt = now()
    this.#hub = hub
    this.#outerToken = outerToken
    this.#credit = new Credit(link, settings.highWaterBytes, this.openedAt)
    this.#frameAllowance = 2 * settings.framesPerSecond
    this.#allowedAt = this.openedAt
  }

  get identity(): Identity | undefined {
    return this.#identity
  }

  /** Name and version that the client gave of itself. */
  get client(): string {
    return this.#client
  }

  get subscriptions(): readonly Subscription[] {
    return this.#subscriptions
  }

  get credit(): Credit {
    return this.#credit
  }

  // What the engine calls (Receiver).

  get chunkBytesMax(): number {
    return this.#credit.chunkBytesMax
  }

  get hasCredit(): boolean {
    return this.#credit.has
  }

  accepts(bytes: number): boolean {
    return this.#credit.accepts(bytes)
  }

  deliver(bytes: Uint8Array): void {
    this.#spoke = true
    this.link.send(bytes, this.codec.binary)
    this.#credit.spend(bytes.length, this.#hub.now())
  }

  notify(frame: ServerFrame['frame']): void {
    if (this.#closed) return
    this.#spoke = true
    this.link.send(this.codec.frame(frame), this.codec.binary)
  }

  // What the transport calls.

  /** One inbound message; it need not stay valid. */
  receive(message: Uint8Array): void {
    if (this.#closed) return
    try {
      this.#countFrame()
      const frame = this.codec.parse(message)
      // Credit is never held up by what waits.
      if (frame.case === 'ack') this.#acknowledge(frame.value.bytes)
      else this.#enqueue(frame)
    } catch (thrown) {
      this.fail(thrown)
    }
  }

  /** The socket's buffer has emptied. */
  drained(): void {
    if (this.#credit.drained(this.#hub.now())) this.#resume()
  }

  /** The socket is gone. */
  closed(): void {
    this.#closed = true
    this.#waiting = []
    for (const { source, subscriber } of this.#subscriptions) this.#drop(source, subscriber)
    this.#subscriptions = []
  }

  // What the hub calls.

  /** Closes for an error, with the code that tells the client what to do. */
  fail(thrown: unknown): void {
    const error = asWeirError(thrown)
    if (error.code === 'internal') this.#hub.log.error({ err: thrown, session: this.id }, 'a session failed')
    this.close(closeCode(error.code), error.message)
  }

  close(code: number, reason: string): void {
    if (this.#closed) return
    this.#hub.onClose(code)
    this.link.close(code, reason.slice(0, 123))
  }

  goaway(reason: string, reconnectAfterMs: number): void {
    this.notify({ case: 'goaway', value: { $typeName: 'weir.v1.Goaway', reason, reconnectAfterMs } })
  }

  /** Lets a client that heard nothing for a heartbeat know that the connection lives. */
  beat(): void {
    if (!this.#spoke && this.#identity !== undefined) this.notify(pong)
    this.#spoke = false
  }

  /** Closes what has passed a deadline: Hello, token, stall. */
  sweep(now: number): void {
    if (this.#identity === undefined) {
      if (now - this.openedAt > limits.helloMs) {
        this.fail(new WeirError('unauthenticated', 'No Hello came in time: it is the first frame of a connection.'))
      }
    } else if (this.#identity.expiresAt * 1000 <= Date.now()) {
      this.fail(new WeirError('token_expired', 'The token has expired: connect with a new one, or send Renew in time.'))
    } else if (this.#credit.stalledSince(now) > this.#hub.settings.stallMs) {
      this.fail(
        new WeirError('stalled', 'Nothing was taken for too long. Reconnect with your cursor: nothing is lost.'),
      )
    }
  }

  /** Opens without Hello, for transports whose token is verified before. */
  admit(identity: Identity, client: string): void {
    this.#identity = identity
    this.#client = client
  }

  /** Adds a subscription. Throws what makes it refused. */
  async subscribe(request: Subscribe): Promise<void> {
    const identity = this.#identity as Identity
    const { source: name, intervalMs } = request
    const filters = this.#checkSubscribe(request, identity)
    const mode = request.mode === Mode.UNSPECIFIED ? Mode.LATEST : request.mode
    const source = await this.#hub.sources.acquire(identity.tenant, name)
    if (this.#closed) return this.#hub.sources.release(source)
    try {
      const cursor = request.cursor === undefined ? undefined : cursorFromWire(request.cursor)
      const wish = { id: request.id, filters, mode, intervalMs, cursor }
      if (
        this.#subscriptions.some((each) => each.source === source && each.subscriber.channel.reads(filters, intervalMs))
      ) {
        throw new WeirError(
          'conflict',
          'This connection reads these filters of this source already: use that subscription.',
        )
      }
      this.#subscriptions.push({ source, name, filters, subscriber: source.subscribe(this, wish) })
    } catch (thrown) {
      this.#hub.sources.release(source)
      throw thrown
    }
  }

  #countFrame(): void {
    const { framesPerSecond } = this.#hub.settings
    const now = this.#hub.now()
    const earned = ((now - this.#allowedAt) / 1000) * framesPerSecond
    this.#allowedAt = now
    this.#frameAllowance = Math.min(2 * framesPerSecond, this.#frameAllowance + earned) - 1
    if (this.#frameAllowance < 0 || this.#waiting.length > limits.framesWaitingMax) {
      throw new WeirError('rate_limited', `Too many frames: at most ${framesPerSecond} a second.`)
    }
  }

  #enqueue(frame: ClientFrame['frame']): void {
    this.#waiting.push(frame)
    if (!this.#busy) void this.#work()
  }

  async #work(): Promise<void> {
    this.#busy = true
    try {
      for (let frame = this.#waiting.shift(); frame !== undefined; frame = this.#waiting.shift()) {
        const pending = this.#handle(frame)
        if (pending !== undefined) await pending
        if (this.#closed) return
      }
    } catch (thrown) {
      this.fail(thrown)
    } finally {
      this.#busy = false
    }
  }

  #handle(frame: ClientFrame['frame']): Promise<void> | undefined {
    if (frame.case === undefined)
      throw new WeirError('malformed', 'The frame is empty, or of a kind that this hub does not know.')
    if (frame.case === 'hello') return this.#hello(frame.value)
    if (this.#identity === undefined)
      throw new WeirError('malformed', `The first frame must be Hello, not ${frame.case}.`)
    switch (frame.case) {
      case 'subscribe':
        return this.#subscribeOrRefuse(frame.value)
      case 'unsubscribe':
        this.#unsubscribe(frame.value.id)
        return
      case 'renew':
        return this.#renew(frame.value.token)
      case 'ping':
        this.notify(pong)
        return
      case 'ack':
        return
    }
  }

  async #hello(hello: Hello): Promise<void> {
    if (this.#identity !== undefined) throw new WeirError('malformed', 'Hello was said already.')
    const { settings, verifier, hubName } = this.#hub
    const token = hello.token === '' ? this.#outerToken : hello.token
    if (token === undefined)
      throw new WeirError(
        'unauthenticated',
        'A token is needed: in Hello, in the Authorization header or in a subprotocol.',
      )
    const identity = await verifier.verify(token)
    if (this.#closed) return
    this.#credit.open(hello.windowBytes, settings.windowBytesMax)
    this.admit(identity, hello.client.slice(0, 128))
    this.notify({
      case: 'welcome',
      value: {
        $typeName: 'weir.v1.Welcome',
        session: this.id,
        hub: hubName,
        heartbeatMs: settings.heartbeatMs,
        limits: {
          $typeName: 'weir.v1.Limits',
          windowBytes: this.#credit.windowBytes,
          frameBytesMax: limits.frameBytesMax,
          subscriptionsMax: settings.subscriptionsMax,
          filtersMax: settings.filtersMax,
          intervalMsMax: limits.intervalMsMax,
        },
        tokenExpires: BigInt(identity.expiresAt),
      },
    })
  }

  async #subscribeOrRefuse(request: Subscribe): Promise<void> {
    try {
      await this.subscribe(request)
    } catch (thrown) {
      this.#refuse(request.id, thrown)
    }
  }

  /** The canonical filters of a request. Throws what makes it refused. */
  #checkSubscribe({ id, source, filters, intervalMs }: Subscribe, identity: Identity): readonly string[] {
    const { subscriptionsMax, filtersMax } = this.#hub.settings
    if (id === 0) throw new WeirError('invalid', 'A subscription needs an id other than 0.')
    if (this.#subscriptions.some((each) => each.subscriber.id === id)) {
      throw new WeirError('conflict', `The id ${id} is in use on this connection.`)
    }
    if (this.#subscriptions.length >= subscriptionsMax) {
      throw new WeirError('quota_exceeded', `A connection has at most ${subscriptionsMax} subscriptions.`)
    }
    if (filters.length === 0 || filters.length > filtersMax) {
      throw new WeirError('invalid', `A subscription has from 1 to ${filtersMax} filters, not ${filters.length}.`)
    }
    if (intervalMs > limits.intervalMsMax) {
      throw new WeirError('invalid', `An interval is at most ${limits.intervalMsMax} ms.`)
    }
    checkSource(source)
    for (const filter of filters) checkFilter(filter)
    if (!maySubscribe(identity, filters)) {
      throw new WeirError('forbidden', `The token does not grant to subscribe to ${filters.join(', ').slice(0, 200)}.`)
    }
    return canonicalFilters(filters)
  }

  #unsubscribe(id: number): void {
    const index = this.#subscriptions.findIndex(({ subscriber }) => subscriber.id === id)
    const [removed] = index < 0 ? [] : this.#subscriptions.splice(index, 1)
    if (removed !== undefined) this.#drop(removed.source, removed.subscriber)
  }

  #drop(source: Source, subscriber: Subscriber): void {
    source.unsubscribe(subscriber)
    this.#hub.sources.release(source)
  }

  /** A new token for the same tenant and subject; what it no longer grants ends. */
  async #renew(token: string): Promise<void> {
    const old = this.#identity as Identity
    try {
      const identity = await this.#hub.verifier.verify(token)
      if (identity.tenant !== old.tenant || identity.subject !== old.subject) {
        throw new WeirError('forbidden', 'A renewed token must be for the same tenant and subject.')
      }
      this.#identity = identity
      for (const { filters, subscriber } of [...this.#subscriptions]) {
        if (maySubscribe(identity, filters)) continue
        this.#unsubscribe(subscriber.id)
        this.#refuse(subscriber.id, new WeirError('forbidden', 'The renewed token does not grant this subscription.'))
      }
    } catch (thrown) {
      this.#refuse(0, thrown)
    }
  }

  #refuse(id: number, thrown: unknown): void {
    const { code, message } = asWeirError(thrown)
    if (code === 'internal') this.#hub.log.error({ err: thrown, session: this.id }, 'a subscription failed')
    this.notify({ case: 'refused', value: { $typeName: 'weir.v1.Refused', id, code, message } })
  }

  #acknowledge(bytes: number): void {
    if (this.#identity === undefined) throw new WeirError('malformed', 'The first frame must be Hello, not ack.')
    if (this.#credit.give(bytes, this.#hub.now())) this.#resume()
  }

  /** There is credit: what is behind goes on. */
  #resume(): void {
    for (const { source, subscriber } of this.#subscriptions) source.credit(subscriber)
  }
}

export interface Subscription {
  readonly source: Source
  /** "events" or the name of a bucket. */
  readonly name: string
  readonly filters: readonly string[]
  readonly subscriber: Subscriber
}

/** What a session needs of its hub. */
export interface SessionHub {
  readonly hubName: string
  readonly settings: SessionSettings
  readonly verifier: Verifier
  readonly sources: Sources
  readonly log: Logger
  /** Milliseconds that only grow. */
  now(): number
  nextSession(): string
  /** The hub closes a connection with this code. */
  onClose(code: number): void
}

export interface SessionSettings {
  readonly subscriptionsMax: number
  readonly filtersMax: number
  readonly framesPerSecond: number
  readonly windowBytesMax: number
  readonly highWaterBytes: number
  readonly heartbeatMs: number
  readonly stallMs: number
}

const pong: ServerFrame['frame'] = { case: 'pong', value: { $typeName: 'weir.v1.Pong' } }
