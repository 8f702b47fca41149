import { backoffMs, type ErrorCode, isRetryable } from '@weir/proto'
import { limits } from './limits.ts'
import type { RelaySource, WaitingItem } from './outbox.ts'

export interface RelayOptions {
  readonly outbox: RelaySource
  /** Of ingest, without a path. */
  readonly ingestUrl: string
  readonly getToken: () => Promise<string>
  /** Which ids the history has of these items. */
  readonly stored: (items: readonly WaitingItem[]) => Promise<ReadonlySet<string>>
  /** A sentence on what went wrong. */
  readonly say: (sentence: string) => void
}

/**
 * Brings what an outbox holds to ingest, in order, one request at a time, until it is acknowledged.
 * An event has one id for all of its requests, so the stream stores it once within two minutes of
 * the first; past them the relay asks the history before it sends. So a kill in between loses
 * nothing and doubles nothing.
 */
export class Relay {
  readonly #options: RelayOptions
  /** When items were first sent by this relay, by their ids; what is older was sent by another. */
  readonly #sentAt: Map<string, number> = new Map()
  readonly #startedAt = Date.now()
  #stopped = false
  #wake = (): void => {}
  #woken = false
  /** It waits for something to be written, and not for the time of its next attempt. */
  #isIdle = false
  #done: Promise<void> | undefined

  constructor(options: RelayOptions) {
    this.#options = options
    options.outbox.onWritten(() => {
      this.#woken = true
      if (this.#isIdle) this.#wake()
    })
  }

  start(): void {
    this.#done = this.#run()
  }

  /** Resolves when the request that is under way has its answer. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#wake()
    await this.#done
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#stopped; ) {
      try {
        this.#woken = false
        const more = await this.#sendSome()
        failures = 0
        if (!more && !this.#woken) await this.#pause(limits.pollMs, true)
      } catch (thrown) {
        if (failures === 0) this.#options.say(`The outbox waits: ${thrown instanceof Error ? thrown.message : thrown}`)
        await this.#pause(backoffMs(failures++, limits.retryFirstMs, limits.retryMaxMs), false)
      }
    }
  }

  /** Whether there may be more. Throws when nothing could be brought on. */
  async #sendSome(): Promise<boolean> {
    const { outbox } = this.#options
    const items = await outbox.waiting(limits.batchMax)
    if (items.length === 0) return false
    const known = await this.#storedAlready(items)
    await outbox.remove(items.filter(({ id }) => known.has(id)))
    const unknown = items.filter(({ id }) => !known.has(id))
    const now = Date.now()
    for (const { id } of unknown) if (!this.#sentAt.has(id)) this.#sentAt.set(id, now)
    const refusals = unknown.length > 0 ? await this.#post(unknown) : []
    for (const { item, reason } of refusals) {
      this.#options.say(`Ingest refused ${item.item.subject}: ${reason}`)
      await outbox.refuse(item, reason)
    }
    const refused = new Set(refusals.map(({ item }) => item.id))
    await outbox.remove(unknown.filter(({ id }) => !refused.has(id)))
    for (const { id } of items) this.#sentAt.delete(id)
    return items.length === limits.batchMax
  }

  async #storedAlready(items: readonly WaitingItem[]): Promise<ReadonlySet<string>> {
    const doubtful = items.filter(({ id, writtenAt }) => {
      const before = writtenAt.getTime() < this.#startedAt ? writtenAt.getTime() : undefined
      const sentAt = this.#sentAt.get(id) ?? before
      return sentAt !== undefined && Date.now() - sentAt > limits.doubtMs
    })
    return doubtful.length > 0 ? await this.#options.stored(doubtful) : new Set()
  }

  /** Those that ingest will never take. Throws when some may be taken later. */
  async #post(items: readonly WaitingItem[]): Promise<readonly { item: WaitingItem; reason: string }[]> {
    const response = await fetch(`${this.#options.ingestUrl}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await this.#options.getToken()}`, 'content-type': 'application/json' },
      body: JSON.stringify(items.map(({ id, writtenAt, item }) => ({ ...item, id, time: writtenAt.toISOString() }))),
      signal: AbortSignal.timeout(limits.requestMs),
    })
    const answer = (await response.json()) as Answer
    if (answer.rejected === undefined && response.ok) return []
    if (answer.rejected === undefined) throw new Error(answer.detail ?? `ingest answers ${response.status}.`)
    const later = answer.rejected.find(({ code }) => isRetryable(code))
    if (later !== undefined) throw new Error(later.message)
    return answer.rejected.flatMap(({ index, message }) => {
      const item = items[index]
      return item === undefined ? [] : [{ item, reason: message }]
    })
  }

  #pause(ms: number, isIdle: boolean): Promise<void> {
    if (this.#stopped) return Promise.resolve()
    this.#isIdle = isIdle
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

/** What ingest answers: 200, or a problem. */
interface Answer {
  readonly detail?: string
  readonly rejected?: readonly { readonly index: number; readonly code: ErrorCode; readonly message: string }[]
}
