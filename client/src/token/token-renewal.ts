import type { WeirError } from '@weir/proto'
import { clientLimits } from '../limits.ts'
import type { Clock } from '../platform/clock.ts'
import { expiryMs, renewAtMs, type TokenSource } from './token-source.ts'

export interface TokenRenewalEvents {
  /** Send this token to the hub. */
  renew(token: string): void
  /**
   * Why there is no new token, while the last one still serves; it is tried again. Undefined once
   * there is one.
   */
  missed(error: WeirError | undefined): void
}

/**
 * Gives one connection a new token before the last one expires. What getToken throws, and a token
 * that the hub refuses, are told, and getToken is asked again after a pause. When there is none in
 * time the hub closes the connection with `token_expired`, and the next attempt asks again.
 */
export class TokenRenewal {
  readonly #clock: Clock
  readonly #tokens: TokenSource
  readonly #events: TokenRenewalEvents
  #ended = false
  #cancelTimer = (): void => {}

  constructor(clock: Clock, tokens: TokenSource, events: TokenRenewalEvents) {
    this.#clock = clock
    this.#tokens = tokens
    this.#events = events
  }

  /** The token in use expires then, in milliseconds since the Unix epoch. */
  arm(expiresAtMs: number): void {
    if (!this.#tokens.isRenewable) return
    const now = this.#clock.now()
    this.#wait(renewAtMs(expiresAtMs, now) - now)
  }

  /** The hub has refused the last token that it was given, and goes on with the one before. */
  refused(error: WeirError): void {
    // A token of another subject is good for the next connection, an invalid one for none.
    if (error.code === 'unauthenticated') this.#tokens.forget()
    this.#miss(error)
  }

  end(): void {
    this.#ended = true
    this.#cancelTimer()
  }

  #wait(delayMs: number): void {
    this.#cancelTimer()
    this.#cancelTimer = this.#clock.after(Math.max(delayMs, clientLimits.renewPauseMs), () => void this.#replace())
  }

  async #replace(): Promise<void> {
    try {
      const token = await this.#tokens.fresh()
      if (this.#ended) return
      this.#events.renew(token)
      this.#events.missed(undefined)
      const expiresAtMs = expiryMs(token)
      if (expiresAtMs !== undefined) this.arm(expiresAtMs)
    } catch (thrown) {
      if (!this.#ended) this.#miss(thrown as WeirError)
    }
  }

  #miss(error: WeirError): void {
    this.#events.missed(error)
    this.#wait(0)
  }
}
