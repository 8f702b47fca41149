import type { Identity } from '@weir/mesh'
import { asWeirError, type ServerFrame, type Subscribe, WeirError } from '@weir/proto'
import type { Codec } from '../engine/delivery/codec.ts'
import { limits } from '../limits.ts'
import { Allowance } from './allowance.ts'
import { Credit, type Peer } from './credit.ts'
import type { Dialect } from './dialect.ts'
import { goawayFrame } from './frames.ts'
import type { Link } from './link.ts'
import type { Party } from './party.ts'
import { type RequestOwner, RequestQueue } from './request-queue.ts'
import type { SessionHub } from './session-hub.ts'
import { type Holder, Subscriptions } from './subscriptions.ts'

/** One connection: who it is, what it reads, how much it may be sent, and until when it lasts. */
export class Session implements Holder, Party, Peer, RequestOwner {
  // What each delivery looks at comes first, so that it stands together in memory.
  readonly link: Link
  readonly codec: Codec
  readonly #credit: Credit
  /** Something was sent since the last heartbeat. */
  #spoke = false
  /** Of those of its hub, in the order of their opening. */
  readonly number: number
  readonly openedAt: number
  readonly subscriptions: Subscriptions
  readonly dialect: Dialect
  readonly hub: SessionHub
  #outerToken: string | undefined
  #identity: Identity | undefined
  #client = ''
  #closed = false
  /** While a request is being handled. */
  #queue: RequestQueue | undefined
  readonly #frames: Allowance
  /** When it is asked to leave, so that load moves to new hubs; undefined is never. */
  readonly #retireAt: number | undefined
  #leaving: NodeJS.Timeout | undefined

  constructor(link: Link, dialect: Dialect, hub: SessionHub, outerToken: string | undefined) {
    const { settings, now } = hub
    this.number = hub.nextSession()
    this.link = link
    this.codec = dialect.codec
    this.dialect = dialect
    // Whole milliseconds, here and below, need no place of their own on the heap.
    this.openedAt = Math.floor(now())
    this.hub = hub
    this.#outerToken = outerToken
    this.#credit = new Credit(this, this.openedAt)
    this.#frames = new Allowance(settings.framesPerSecond, this.openedAt)
    this.#retireAt = retirementOf(this.openedAt, settings.maxConnectionAgeMs)
    this.subscriptions = new Subscriptions(this)
  }

  get id(): string {
    return `${this.hub.hubName}.${this.number.toString(36)}`
  }

  get identity(): Identity | undefined {
    return this.#identity
  }

  get outerToken(): string | undefined {
    return this.#outerToken
  }

  /** Name and version that the client gave of itself. */
  get client(): string {
    return this.#client
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

  take(bytes: Uint8Array, entries: number): boolean {
    if (!this.#credit.accepts(bytes.length, entries)) return false
    // Some protocols have no word for what a batch says.
    if (bytes.length === 0) return true
    this.#spoke = true
    this.#credit.spend(bytes.length, this.link.send(bytes, this.codec.binary))
    return true
  }

  notify(frame: ServerFrame['frame']): void {
    if (this.#closed) return
    const message = this.dialect.write(frame, this)
    if (message !== undefined) this.answer(message)
  }

  // What the transport calls.

  /** One inbound message; it need not stay valid. */
  receive(message: Uint8Array): void {
    if (this.#closed) return
    try {
      this.#countFrame()
      if (message.length > limits.frameBytesMax) {
        throw new WeirError('too_large', `A frame has at most ${limits.frameBytesMax} bytes, not ${message.length}.`)
      }
      const requests = this.dialect.read(message, this)
      if (requests.length === 0) return
      for (let further = 1; further < requests.length; further++) this.#countFrame()
      this.#checkAnswers()
      this.#queue ??= new RequestQueue(this)
      this.#queue.push(requests, message.length)
    } catch (thrown) {
      this.fail(thrown)
    }
  }

  /** A ping of RFC 6455 came, and was answered by the transport. */
  pinged(): void {
    try {
      this.#countFrame()
      this.#checkAnswers()
    } catch (thrown) {
      this.fail(thrown)
    }
  }

  /** A pong of RFC 6455 came for a ping of the hub. */
  pongReceived(): void {
    try {
      this.#countFrame()
      this.ponged()
    } catch (thrown) {
      this.fail(thrown)
    }
  }

  /** The socket's buffer has emptied. */
  drained(): void {
    if (this.link.bufferedBytes <= this.highWaterBytes) this.#queue?.goOn()
    if (this.#credit.drained()) this.subscriptions.resume()
  }

  /** The socket is gone. */
  closed(): void {
    this.#closed = true
    this.#queue?.close()
    clearTimeout(this.#leaving)
    this.subscriptions.close()
  }

  // What the hub calls.

  /** Closes for an error, with the code that tells the client what to do. */
  fail(thrown: unknown): void {
    const error = asWeirError(thrown)
    if (error.code === 'internal') this.hub.log.error({ err: thrown, session: this.id }, 'a session failed')
    this.close(this.dialect.closeCode(error.code), error.message)
  }

  close(code: number, reason: string): void {
    if (this.#closed) return
    this.hub.onClose(code)
    this.link.close(code, fitting(reason))
  }

  /** Asks the client to reconnect after a time, and closes what is still open soon after it. */
  leave(reason: string, reconnectAfterMs: number): void {
    if (this.#leaving !== undefined) return
    this.notify(goawayFrame(reason, reconnectAfterMs))
    const close = (): void =>
      this.close(this.dialect.closeCode('restart'), 'Another hub goes on from your cursor: reconnect.')
    this.#leaving = setTimeout(close, reconnectAfterMs + limits.leaveGraceMs)
  }

  /** Lets a client know that the connection lives. */
  beat(): void {
    if (this.#identity !== undefined) this.dialect.beat(this, this.#spoke)
    this.#spoke = false
  }

  /** Closes what has passed a deadline: Hello, token, stall, age. */
  sweep(now: number): void {
    if (this.#identity === undefined) {
      // A Hello that came is late by this hub's own fault, where thousands come at once.
      if (this.#queue === undefined && now - this.openedAt > limits.helloMs) {
        this.fail(new WeirError('stalled', 'No Hello came in time: it is the first frame of a connection.'))
      }
    } else if (this.#identity.expiresAt * 1000 <= Date.now()) {
      this.fail(new WeirError('token_expired', 'The token has expired: connect with a new one, or send Renew in time.'))
    } else if (this.#credit.stalledMs(now) > this.hub.settings.stallMs) {
      this.fail(
        new WeirError('stalled', 'Nothing was taken for too long. Reconnect with your cursor: nothing is lost.'),
      )
    } else if (this.#retireAt !== undefined && this.#retireAt <= now)
      this.leave('age', Math.floor(Math.random() * limits.retireSpreadMs))
  }

  // What the dialect calls (Party).

  get isClosed(): boolean {
    return this.#closed
  }

  openWindow(wanted: number): number {
    this.#credit.open(wanted, this.hub.settings.windowBytesMax)
    return this.#credit.windowBytes
  }

  /**
   * Opens; by itself for transports whose token is verified before, and which say no Hello. Throws
   * `rate_limited`.
   */
  admit(identity: Identity, client: string): void {
    this.hub.admission.enterTenant(identity.tenant)
    this.#identity = identity
    // A token is larger than all else that a connection keeps.
    this.#outerToken = undefined
    this.#client = client.slice(0, limits.clientNameMax)
  }

  renew(identity: Identity): void {
    this.#identity = identity
  }

  answer(message: Uint8Array): void {
    if (this.#closed) return
    this.#spoke = true
    this.link.send(message, this.codec.binary)
  }

  answersTaken(): Promise<void> | undefined {
    return this.#closed || this.link.bufferedBytes <= this.highWaterBytes ? undefined : this.#queue?.pause()
  }

  acknowledge(bytes: number): void {
    if (this.#identity === undefined) throw new WeirError('malformed', 'The first frame must be Hello, not ack.')
    if (this.#credit.give(bytes)) this.subscriptions.resume()
  }

  // What the queue of requests calls (RequestOwner).

  endRequests(): void {
    this.#queue = undefined
  }

  // What the credit asks (Peer).

  get highWaterBytes(): number {
    return this.hub.settings.highWaterBytes
  }

  get bufferedBytes(): number {
    return this.link.bufferedBytes
  }

  ping(): void {
    this.dialect.ping(this.link)
  }

  ponged(): void {
    if (this.#credit.ponged()) this.subscriptions.resume()
  }

  /** Adds a subscription. Throws what makes it refused. */
  subscribe(request: Subscribe): Promise<void> {
    return this.subscriptions.add(request, this.#identity as Identity)
  }

  #countFrame(): void {
    if (this.#frames.take(this.hub.now())) return
    throw new WeirError('rate_limited', `Too many frames: at most ${this.hub.settings.framesPerSecond} a second.`)
  }

  /** Answers are sent without credit, so whoever asks on and takes none of them is closed. */
  #checkAnswers(): void {
    if (this.link.bufferedBytes <= this.highWaterBytes + limits.answerBytesMax) return
    throw new WeirError('rate_limited', 'The answers to these frames are not taken: read them before the next frame.')
  }
}

/**
 * Up to a tenth before its age, so that connections which came together do not leave together;
 * undefined when that is 0.
 */
function retirementOf(openedAt: number, ageMs: number): number | undefined {
  return ageMs === 0 ? undefined : openedAt + Math.floor(ageMs * (1 - Math.random() / 10))
}

/** As much of a reason as a close frame holds (RFC 6455 section 5.5), in whole characters. */
function fitting(reason: string): string {
  return reason.slice(0, encoder.encodeInto(reason, closeReason).read)
}

const encoder = new TextEncoder()
const closeReason = new Uint8Array(123)
