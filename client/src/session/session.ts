import { asWeirError, type ClientFrame, shouldReconnect, WeirError, type Welcome } from '@weir/proto'
import { clientLimits } from '../limits.ts'
import type { Clock } from '../platform/clock.ts'
import { TokenRenewal } from '../token/token-renewal.ts'
import { expiryMs, type TokenSource } from '../token/token-source.ts'
import { closeError, closeReason, refusal } from './close-error.ts'
import type { Codec, HubFrame } from './codec.ts'
import { Credit } from './credit.ts'
import type { OpenSocket, Socket } from './socket.ts'
import { Watchdog } from './watchdog.ts'

/** What every session of a connection is made with. */
export interface SessionOptions {
  readonly url: string
  readonly codec: Codec
  /** Name and version, for the hub's list of sessions. */
  readonly client: string
  readonly windowBytes: number
  readonly openSocket: OpenSocket
  readonly tokens: TokenSource
  readonly clock: Clock
}

export interface SessionEvents {
  /** The hub has accepted the token; frames follow. */
  welcomed(hub: string): void
  /** Any frame but Welcome and Pong. `bytes` is what its message counts against the window. */
  received(frame: HubFrame, bytes: number): void
  /** Why there is no new token, while the last one still serves; undefined once there is one. */
  tokenMissed(error: WeirError | undefined): void
  strained(): void
  eased(): void
  /**
   * Once, and nothing follows; not after `close`. `mayRetry` is false when no attempt can mend it.
   */
  ended(error: WeirError, mayRetry: boolean): void
}

/**
 * One socket to a hub, from Hello to its end: it keeps the connection alive and the token fresh,
 * and counts the window.
 */
export class Session {
  readonly #options: SessionOptions
  readonly #events: SessionEvents
  readonly #token: string
  readonly #socket: Socket
  readonly #renewal: TokenRenewal
  #credit: Credit | undefined
  #watchdog: Watchdog | undefined
  #cancelDeadline = (): void => {}
  #ended = false
  #wasOpened = false

  constructor(options: SessionOptions, token: string, events: SessionEvents) {
    const { clock, tokens, codec, url } = options
    this.#options = options
    this.#events = events
    this.#token = token
    this.#renewal = new TokenRenewal(clock, tokens, {
      renew: (fresh) => this.send({ case: 'renew', value: { $typeName: 'weir.v1.Renew', token: fresh } }),
      missed: (error) => events.tokenMissed(error),
    })
    this.#socket = options.openSocket(url, codec.subprotocol, {
      opened: (subprotocol) => this.#opened(subprotocol),
      received: (message) => this.#received(message),
      closed: (code, reason) => this.#end(closeError(code, reason || this.#unopened(code)), shouldReconnect(code)),
    })
    this.#expectWelcome(clientLimits.connectMs)
  }

  /** The window, once welcomed. */
  get credit(): Credit {
    if (this.#credit === undefined) throw new WeirError('internal', 'There is no window before Welcome.')
    return this.#credit
  }

  /** Whether the WebSocket ever was. */
  get wasOpened(): boolean {
    return this.#wasOpened
  }

  /** The network may be another: unless something comes soon, this session has ended. */
  check(): void {
    if (this.#ended) return
    if (this.#watchdog !== undefined) this.#watchdog.check()
    else this.#expectWelcome(clientLimits.wakeMs)
  }

  send(frame: ClientFrame['frame']): void {
    if (!this.#ended) this.#socket.send(this.#options.codec.encode(frame))
  }

  /** Ends it from this side, without an event. */
  close(): void {
    if (this.#ended) return
    this.#stop()
    this.#socket.close(1000, '')
  }

  #unopened(code: number): string {
    if (this.#wasOpened) return ''
    const { host } = new URL(this.#options.url)
    return `No WebSocket to ${host} could be opened (${code}): nothing answers there, or what answers is no hub.`
  }

  #expectWelcome(withinMs: number): void {
    this.#cancelDeadline()
    this.#cancelDeadline = this.#options.clock.after(withinMs, () => this.#fail('The hub did not answer in time.'))
  }

  #opened(subprotocol: string): void {
    if (this.#ended) return
    this.#wasOpened = true
    const { codec, client, windowBytes } = this.#options
    if (subprotocol !== codec.subprotocol) {
      this.#fail(`The server does not speak ${codec.subprotocol}. Is this the address of a hub?`)
      return
    }
    this.send({ case: 'hello', value: { $typeName: 'weir.v1.Hello', token: this.#token, client, windowBytes } })
  }

  #received(message: string | Uint8Array): void {
    if (this.#ended) return
    this.#watchdog?.heard()
    try {
      const { frame, bytes } = this.#options.codec.decode(message)
      if (frame.case === 'welcome') this.#welcomed(frame.value)
      else if (this.#credit === undefined) this.#fail('The hub sent a frame before Welcome.')
      else if (frame.case === 'refused' && frame.value.id === 0) this.#renewal.refused(refusal(frame.value))
      else if (frame.case !== 'pong') this.#events.received(frame, bytes)
    } catch (thrown) {
      this.#fail(asWeirError(thrown).message, thrown)
    }
  }

  #welcomed(welcome: Welcome): void {
    if (this.#credit !== undefined) return
    const { clock, windowBytes } = this.#options
    this.#cancelDeadline()
    this.#credit = new Credit(welcome.limits?.windowBytes || windowBytes, clock, {
      acknowledge: (bytes) => this.send({ case: 'ack', value: { $typeName: 'weir.v1.Ack', bytes } }),
      strained: () => this.#events.strained(),
      eased: () => this.#events.eased(),
    })
    this.#watchdog = new Watchdog(clock, welcome.heartbeatMs || clientLimits.heartbeatMs, {
      ping: () => this.send({ case: 'ping', value: { $typeName: 'weir.v1.Ping' } }),
      dead: () => this.#fail('The hub has been silent for too long.'),
    })
    const expiresAtMs = Number(welcome.tokenExpires) * 1000 || expiryMs(this.#token)
    if (expiresAtMs !== undefined) this.#renewal.arm(expiresAtMs)
    this.#events.welcomed(welcome.hub)
  }

  /**
   * The hub, or what is between, does not do what it should: another attempt may meet a better one.
   */
  #fail(message: string, cause?: unknown): void {
    if (this.#ended) return
    this.#end(new WeirError('unavailable', message, { cause }), true)
    this.#socket.close(4000, closeReason(message))
  }

  #end(error: WeirError, mayRetry: boolean): void {
    if (this.#ended) return
    this.#stop()
    this.#events.ended(error, mayRetry)
  }

  #stop(): void {
    this.#ended = true
    this.#cancelDeadline()
    this.#credit?.end()
    this.#watchdog?.end()
    this.#renewal.end()
  }
}
