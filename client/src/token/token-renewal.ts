import { clientLimits } from '../limits.ts'
import type { Clock } from '../platform/clock.ts'
import { expiryMs, renewAtMs, type TokenSource } from './token-source.ts'

/**
 * Gives one connection a new token before the last one expires. When the application has none in
 * time the hub closes the connection with `token_expired`, and the next attempt asks again.
 */
export class TokenRenewal {
  readonly #clock: Clock
  readonly #tokens: TokenSource
  readonly #renew: (token: string) => void
  #ended = false
  #cancelTimer = (): void => {}

  constructor(clock: Clock, tokens: TokenSource, renew: (token: string) => void) {
    this.#clock = clock
    this.#tokens = tokens
    this.#renew = renew
  }

  /** The token in use expires then, in milliseconds since the Unix epoch. */
  arm(expiresAtMs: number): void {
    const now = this.#clock.now()
    this.#wait(renewAtMs(expiresAtMs, now) - now)
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
      this.#renew(token)
      const expiresAtMs = expiryMs(token)
      if (expiresAtMs !== undefined) this.arm(expiresAtMs)
    } catch {
      if (!this.#ended) this.#wait(0)
    }
  }
}
