import { WeirError } from '@weir/proto'
import { clientLimits } from '../limits.ts'
import type { Clock } from '../platform/clock.ts'
import { Deadline } from '../platform/deadline.ts'

/** How an application gives tokens: a JWT, from wherever it has them. */
export type GetToken = () => string | Promise<string>

/** The application's tokens, each asked for once and used until shortly before it expires. */
export class TokenSource {
  readonly #getToken: GetToken
  readonly #clock: Clock
  #token: string | undefined
  #usableUntilMs = 0
  #pending: Promise<string> | undefined

  constructor(getToken: GetToken, clock: Clock) {
    this.#getToken = getToken
    this.#clock = clock
  }

  /**
   * Rejects with WeirError: the one that getToken threw, `unavailable` when it threw another error
   * or gave nothing in time, `invalid` when what it gave is no string.
   */
  get(): Promise<string> {
    if (this.#token !== undefined && this.#clock.now() < this.#usableUntilMs) return Promise.resolve(this.#token)
    return this.fresh()
  }

  /** As `get`, but never the token that was given before. */
  fresh(): Promise<string> {
    this.#pending ??= this.#ask().finally(() => {
      this.#pending = undefined
    })
    return this.#pending
  }

  /** The last token is no good any more. */
  forget(): void {
    this.#token = undefined
  }

  async #ask(): Promise<string> {
    const deadline = new Deadline(this.#clock, clientLimits.tokenMs, 'getToken gave no token')
    try {
      const token = await Promise.race([this.#getToken(), deadline.passed])
      if (typeof token !== 'string') throw new WeirError('invalid', `getToken must give a string, not ${typeof token}.`)
      const now = this.#clock.now()
      this.#token = token
      this.#usableUntilMs = renewAtMs(expiryMs(token) ?? now, now)
      return token
    } catch (cause) {
      if (cause instanceof WeirError) throw cause
      throw new WeirError('unavailable', 'getToken failed; its error is the cause.', { cause })
    } finally {
      deadline.cancel()
    }
  }
}

/**
 * When to replace a token that expires then, all in milliseconds since the Unix epoch: at four
 * fifths of what it has left to live, or a minute before its end if that is later.
 */
export function renewAtMs(expiresAtMs: number, nowMs: number): number {
  return expiresAtMs - Math.min(clientLimits.renewBeforeMs, (expiresAtMs - nowMs) / 5)
}

/**
 * The `exp` of a JWT (RFC 7519) in milliseconds since the Unix epoch. The server checks it; the
 * client merely reads it.
 */
export function expiryMs(token: string): number | undefined {
  try {
    const payload = token.split('.')[1] ?? ''
    const { exp } = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))) as { exp?: unknown }
    return typeof exp === 'number' && Number.isFinite(exp) ? exp * 1000 : undefined
  } catch {
    return undefined
  }
}
