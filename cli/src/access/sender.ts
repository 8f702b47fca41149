import { setTimeout as sleep } from 'node:timers/promises'
import { asWeirError, backoffMs, type WeirError } from '@weir/proto'
import { limits } from '../limits.ts'
import type { Access } from './access.ts'
import { request } from './request.ts'

export interface Rejected {
  /** Of standard input, where the event came from there. */
  readonly line: number | undefined
  readonly code: string
  readonly message: string
}

/**
 * Sends events to ingest in batches, one request at a time so that their order stays, and counts
 * what became of them.
 */
export class Sender {
  readonly #access: Access
  accepted = 0
  duplicates = 0
  readonly rejected: Rejected[] = []
  /** One event each, in the JSON form of producers' items. */
  #items: string[] = []
  #lines: (number | undefined)[] = []
  /** Ingest is where it was said to be. */
  #answered = false
  #sending: Promise<void> = Promise.resolve()
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(access: Access) {
    this.#access = access
  }

  /** Puts an event into the next batch; waits while a full one is on its way. */
  async add(item: string, line: number): Promise<void> {
    this.#items.push(item)
    this.#lines.push(line)
    if (this.#items.length >= limits.batchEventsMax) await this.flush()
    else this.#timer ??= setTimeout(() => void this.flush().catch(() => undefined), limits.batchMs)
  }

  /** Notes a line that cannot become an event. */
  reject(line: number, { code, message }: WeirError): void {
    this.rejected.push({ line, code, message })
  }

  /**
   * Sends what is there; comes back when everything so far is answered. Throws when ingest cannot
   * be reached.
   */
  flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const items = this.#items
    const lines = this.#lines
    this.#items = []
    this.#lines = []
    this.#sending = this.#sending.then(() => this.send(items, lines))
    return this.#sending
  }

  /**
   * One request; a temporary refusal is tried again with the same ids, so nothing is stored twice.
   */
  async send(items: readonly string[], lines: readonly (number | undefined)[] = []): Promise<void> {
    if (items.length === 0) return
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await request(this.#access, 'ingest', '/v1/events', {
          method: 'POST',
          body: `[${items.join(',')}]`,
        })
        this.#count((await response.json()) as Answer, lines)
        this.#answered = true
        return
      } catch (thrown) {
        const error = asWeirError(thrown)
        const attemptsMax = this.#answered ? limits.sendAttemptsMax : limits.firstAttemptsMax
        if (!error.retryable || attempt >= attemptsMax) throw error
        await sleep(backoffMs(attempt - 1, limits.sendWaitMs, limits.sendWaitMaxMs))
      }
    }
  }

  #count(answer: Answer, lines: readonly (number | undefined)[]): void {
    this.accepted += answer.accepted
    this.duplicates += answer.duplicates
    for (const { index, code, message } of answer.rejected ?? []) {
      this.rejected.push({ line: lines[index], code, message })
    }
  }
}

interface Answer {
  readonly accepted: number
  readonly duplicates: number
  readonly rejected?: readonly { readonly index: number; readonly code: string; readonly message: string }[]
}
