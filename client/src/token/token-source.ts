import { WeirError } from '@weir/proto'
import { clientLimits } from '../limits.ts'
import type { Clock } from '../platform/clock.ts'
import { Deadline } from '../platform/deadline.ts'

/** How an application gives tokens: a JWT, from wherever it has them. */
export type GetToken = () => string | Promise<string>

/** Where the client has its tokens from: one of the two. */
export interface TokenOptions {
  /**
   * The one token that there is, for programs that end before it does. Once it is refused as
   * expired, nothing here can replace it: the connection closes with `token_expired`.
   */
  readonly token?: string
  /** Gives a token when the client needs one: to connect, and before the last one expires. */
  readonly getToken?: GetToken
}

/** The application's tokens, each asked for once and used until shortly before it expires. */
export class TokenSource {
  /** Whether the application may give another token than the last one. */
  readonly isRenewable: boolean
  readonly #getToken: GetToken
  readonly #clock: Clock
  #token: string | undefined
  #usableUntilMs = 0
  #pending: Promise<string> | undefined

  /** Throws `invalid` where there is not one of the two options. */
  constructor({ token, getToken }: TokenOptions, clock: Clock) {
    this.#getToken = getToken ?? (() => token as string)
    this.isRenewable = getToken !== undefined
    this.#clock = clock
    if (this.isRenewable === (token !== undefined)) throw new WeirError('invalid', 'Give token or getToken.')
  }

  /**
   * Rejects with WeirError: the one that getToken threw, `unavailable` when it threw another error
   * or gave nothing in time, `invalid` when the token is no string.
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

  /** The last token is no good any more. Returns whether there may be another one. */
  forget(): boolean {
    this.#token = undefined
    return this.isRenewable
  }

  async #ask(): Promise<string> {
    const deadline = new Deadline(this.#clock, clientLimits.tokenMs, 'getToken gave no token')
    try {
      const token = await Promise.race([this.#getToken(), deadline.passed])
      if (typeof token !== 'string') throw new WeirError('invalid', `A token must be a string, not ${typeof token}.`)
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
