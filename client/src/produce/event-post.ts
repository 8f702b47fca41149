import { backoffMs, type ErrorCode, isRetryable, WeirError } from '@weir/proto'
import { producerLimits } from '../limits.ts'
import type { Clock } from '../platform/clock.ts'
import type { Fetch } from '../platform/fetch.ts'
import type { TokenSource } from '../token/token-source.ts'
import { type IngestAnswer, ingestAnswer } from './ingest-answer.ts'
import { batchBody, type OutboxItem } from './outbox-item.ts'

/** An event that was not stored, and never will be by this producer. */
export interface Rejection {
  readonly subject: string
  readonly id: string
  readonly code: ErrorCode
  readonly message: string
}

export interface EventPostOptions {
  /** Of `POST /v1/events`. */
  readonly url: string
  readonly tokens: TokenSource
  readonly fetch: Fetch
  readonly clock: Clock
  /** 0 up to 1. */
  readonly random: () => number
  readonly giveUpMs: number
  readonly rejected: (rejection: Rejection) => void
}

/**
 * Delivers batches: sends, reads the answer, and sends again, with the same ids, what a later
 * attempt may store.
 */
export class EventPost {
  readonly #options: EventPostOptions
  readonly #abort = new AbortController()

  constructor(options: EventPostOptions) {
    this.#options = options
  }

  /** Resolves when each item is stored or was reported as rejected. Never rejects. */
  async deliver(items: readonly OutboxItem[]): Promise<void> {
    const { clock, giveUpMs, random } = this.#options
    const givesUpAt = clock.now() + giveUpMs
    let pending = items
    let freshToken = false
    for (let attempt = 0; pending.length > 0; attempt++) {
      const answer = await this.#post(pending)
      if (answer.error?.code === 'too_large' && answer.rejected === undefined && pending.length > 1) {
        const middle = Math.ceil(pending.length / 2)
        await this.deliver(pending.slice(0, middle))
        pending = pending.slice(middle)
        continue
      }
      if (isTokenRefused(answer) && !freshToken && this.#options.tokens.forget()) {
        freshToken = true
        continue
      }
      pending = this.#settle(pending, answer)
      if (pending.length === 0) return
      const { retryBaseMs, retryMaxMs } = producerLimits
      const waitMs = Math.min(answer.retryAfterMs ?? backoffMs(attempt, retryBaseMs, retryMaxMs, random), retryMaxMs)
      if (clock.now() + waitMs > givesUpAt || !(await this.#wait(waitMs))) {
        this.#reject(pending, answer.error?.code ?? 'unavailable', 'Given up: it could not be stored in time.')
        return
      }
    }
  }

  /** Sends items as a page goes away: once, without waiting for the answer. */
  async deliverLeaving(items: readonly OutboxItem[]): Promise<void> {
    try {
      await this.#fetch(items, { keepalive: true })
    } catch {
      // Nobody is left to tell. If the page comes back, what was not settled is sent again.
    }
  }

  /** What is under way, and all that comes after, is given up. */
  end(): void {
    this.#abort.abort()
  }

  /** Reports what is rejected for good, and returns what is to be sent again. */
  #settle(items: readonly OutboxItem[], { error, mayRetry, rejected }: IngestAnswer): readonly OutboxItem[] {
    if (rejected === undefined) {
      if (error === undefined || mayRetry) return items
      this.#reject(items, error.code, error.message)
      return []
    }
    const again: OutboxItem[] = []
    for (const { index, code, message } of rejected) {
      const item = items[index]
      if (item === undefined) continue
      if (isRetryable(code)) again.push(item)
      else this.#reject([item], code, message)
    }
    return again
  }

  async #post(items: readonly OutboxItem[]): Promise<IngestAnswer> {
    if (this.#abort.signal.aborted) return unreached(closedError())
    const { clock } = this.#options
    const timeout = new AbortController()
    const cancel = clock.after(producerLimits.requestMs, () => timeout.abort())
    try {
      const signal = AbortSignal.any([timeout.signal, this.#abort.signal])
      return await ingestAnswer(await this.#fetch(items, { signal }), clock.now())
    } catch (thrown) {
      return unreached(thrown instanceof WeirError ? thrown : unreachable(this.#options.url, thrown))
    } finally {
      cancel()
    }
  }

  async #fetch(items: readonly OutboxItem[], init: RequestInit): Promise<Response> {
    const { fetch, url } = this.#options
    const token = await this.#token()
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/x-protobuf' }
    return await fetch(url, { ...init, method: 'POST', headers, body: batchBody(items) })
  }

  /** Rejects when the producer ended meanwhile: the application may take long to give one. */
  async #token(): Promise<string> {
    const { signal } = this.#abort
    let end = (): void => undefined
    const ended = new Promise<never>((_, reject) => {
      end = () => reject(closedError())
      signal.addEventListener('abort', end)
    })
    try {
      return await Promise.race([this.#options.tokens.get(), ended])
    } finally {
      signal.removeEventListener('abort', end)
    }
  }

  /** False when the producer ended meanwhile. */
  #wait(delayMs: number): Promise<boolean> {
    const { signal } = this.#abort
    if (signal.aborted) return Promise.resolve(false)
    return new Promise((resolve) => {
      const stop = (): void => {
        cancel()
        resolve(false)
      }
      const cancel = this.#options.clock.after(delayMs, () => {
        signal.removeEventListener('abort', stop)
        resolve(true)
      })
      signal.addEventListener('abort', stop, { once: true })
    })
  }

  #reject(items: readonly OutboxItem[], code: ErrorCode, message: string): void {
    for (const { subject, id } of items) this.#options.rejected({ subject, id, code, message })
  }
}

function isTokenRefused({ error }: IngestAnswer): boolean {
  return error?.code === 'unauthenticated' || error?.code === 'token_expired'
}

function unreached(error: WeirError): IngestAnswer {
  return { error, mayRetry: error.retryable, rejected: undefined, retryAfterMs: undefined }
}

function closedError(): WeirError {
  return new WeirError('unavailable', 'The producer is closed.')
}

function unreachable(url: string, cause: unknown): WeirError {
  const { origin } = new URL(url)
  return new WeirError('unavailable', `${origin} cannot be reached: is the address right and does it run?`, { cause })
}
