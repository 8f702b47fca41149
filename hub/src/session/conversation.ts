import type { Identity } from '@weir/mesh'
import { asWeirError, type ClientFrame, type Hello, type Subscribe, WeirError } from '@weir/proto'
import { limits } from '../limits.ts'
import { pongFrame, refusedFrame, welcomeFrame } from './frames.ts'
import type { Party } from './party.ts'
import { renewToken } from './renewal.ts'
import type { SessionHub } from './session-hub.ts'

/**
 * What a client asks for and what it is answered, a frame at a time. The states are greeting (until
 * Hello was answered), open and closed; docs/protocol.md has the table. It keeps nothing of its
 * own, so that there is one only while a frame is handled.
 */
export class Conversation {
  readonly #party: Party
  readonly #hub: SessionHub

  constructor(party: Party) {
    this.#party = party
    this.#hub = party.hub
  }

  /** Resolves when the next frame may follow; undefined is at once. */
  handle(frame: ClientFrame['frame']): Promise<void> | undefined {
    if (frame.case === undefined)
      throw new WeirError('malformed', 'The frame is empty, or of a kind that this hub does not know.')
    if (frame.case === 'hello') return this.#hello(frame.value)
    const { identity } = this.#party
    if (identity === undefined) throw new WeirError('malformed', `The first frame must be Hello, not ${frame.case}.`)
    switch (frame.case) {
      case 'subscribe':
        return this.#subscribe(frame.value, identity)
      case 'unsubscribe':
        this.#party.subscriptions.remove(frame.value.id)
        return
      case 'renew':
        return this.#renew(frame.value.token)
      case 'ping':
        this.#party.notify(pongFrame)
        return
      case 'ack':
        // It was counted when it was read.
        return
    }
  }

  async #hello(hello: Hello): Promise<void> {
    const party = this.#party
    const { settings, hubName } = this.#hub
    if (party.identity !== undefined) throw new WeirError('malformed', 'Hello was said already.')
    const token = hello.token === '' ? party.outerToken : hello.token
    if (token === undefined)
      throw new WeirError(
        'unauthenticated',
        'A token is needed: in Hello, in the Authorization header or in a subprotocol.',
      )
    const identity = await this.#hub.identify(token)
    if (party.isClosed) return
    const windowBytes = party.openWindow(hello.windowBytes)
    party.admit(identity, hello.client)
    const { subscriptionsMax, filtersMax, heartbeatMs } = settings
    const { frameBytesMax, intervalMsMax } = limits
    party.notify(
      welcomeFrame({
        session: party.id,
        hub: hubName,
        heartbeatMs,
        limits: { windowBytes, frameBytesMax, subscriptionsMax, filtersMax, intervalMsMax },
        // RFC 7519 section 2 allows a fraction, and any size.
        tokenExpires: BigInt(Math.min(Math.floor(identity.expiresAt), Number.MAX_SAFE_INTEGER)),
      }),
    )
  }

  async #subscribe(request: Subscribe, identity: Identity): Promise<void> {
    try {
      await this.#party.subscriptions.add(request, identity)
    } catch (thrown) {
      this.#refuse(request.id, thrown)
    }
  }

  /** A new token for the same tenant and subject; what it no longer grants ends. */
  async #renew(token: string): Promise<void> {
    try {
      for (const id of await renewToken(this.#party, token)) {
        this.#refuse(id, new WeirError('forbidden', 'The renewed token does not grant this subscription.'))
      }
    } catch (thrown) {
      this.#refuse(0, thrown)
    }
  }

  #refuse(id: number, thrown: unknown): void {
    const error = asWeirError(thrown)
    if (error.code === 'internal') this.#hub.log.error({ err: thrown, session: this.#party.id }, 'a request failed')
    this.#party.notify(refusedFrame(id, error))
  }
}
