import type { Kept } from './kept.ts'
import type { Telemetry } from './telemetry.ts'

/** Where an outbox keeps its state, and how it reaches the server; a test brings its own. */
export interface Surroundings {
  readonly read: () => Promise<Kept>
  readonly keep: (changes: Partial<Kept>) => Promise<void>
  readonly fetch: typeof fetch
  readonly now: () => number
}

/**
 * Reports that wait in the extension's storage until the server has stored them, in their order:
 * a link that drops, a worker that is ended and a browser that is closed lose none.
 */
export class Outbox {
  readonly #around: Surroundings
  /** All changes of what is kept, one after the other. */
  #turn: Promise<void> = Promise.resolve()
  #sending = false

  constructor(around: Surroundings) {
    this.#around = around
  }

  /** Puts a report behind the others, and sends what is there. */
  async add(report: Telemetry): Promise<void> {
    await this.#inTurn(async () => {
      const { queue, status } = await this.#around.read()
      const kept = [...queue, report].slice(-QUEUE_MAX)
      const lost = status.lost + queue.length + 1 - kept.length
      await this.#around.keep({ queue: kept, status: { ...status, lost } })
    })
    await this.flush()
  }

  /** Sends what waits, until it is empty or the server does not answer. */
  async flush(): Promise<void> {
    if (this.#sending) return
    this.#sending = true
    try {
      while (await this.#sendFirst());
    } finally {
      this.#sending = false
    }
  }

  /** Whether there may be more to send. */
  async #sendFirst(): Promise<boolean> {
    const { queue, server, token } = await this.#around.read()
    const [first] = queue
    if (first === undefined || server === '') return false
    const outcome = await this.#post(`${server.replace(/\/+$/, '')}/api/tracking/telemetry`, token, first)
    await this.#inTurn(async () => {
      // More may have come meanwhile, behind the first.
      const { queue: now, status } = await this.#around.read()
      switch (outcome.kind) {
        case 'stored':
          await this.#around.keep({
            queue: now.slice(1),
            status: { ...status, link: 'connected', reason: '', sentMs: this.#around.now() },
          })
          break
        case 'unusable':
          await this.#around.keep({
            queue: now.slice(1),
            status: { ...status, link: 'connected', reason: outcome.reason, lost: status.lost + 1 },
          })
          break
        case 'later':
          await this.#around.keep({ status: { ...status, link: outcome.link, reason: outcome.reason } })
      }
    })
    return outcome.kind !== 'later'
  }

  async #post(url: string, token: string, report: Telemetry): Promise<Outcome> {
    try {
      const response = await this.#around.fetch(url, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(report),
        signal: AbortSignal.timeout(REQUEST_MS),
      })
      if (response.ok) return { kind: 'stored' }
      const reason = await reasonOf(response)
      // A token that is wrong can be put right in the popup, and then these are sent.
      if ([401, 403, 404].includes(response.status)) return { kind: 'later', link: 'refused', reason }
      if (response.status === 429 || response.status >= 500) return { kind: 'later', link: 'offline', reason }
      return { kind: 'unusable', reason }
    } catch {
      // The browser says of each such fault that it failed to fetch.
      return { kind: 'later', link: 'offline', reason: 'The server does not answer.' }
    }
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => undefined)
    return turn
  }
}

type Outcome =
  | { readonly kind: 'stored' }
  | { readonly kind: 'unusable'; readonly reason: string }
  | { readonly kind: 'later'; readonly link: 'offline' | 'refused'; readonly reason: string }

async function reasonOf(response: Response): Promise<string> {
  try {
    const { detail } = (await response.json()) as { readonly detail?: string }
    return detail ?? `The server answered ${response.status}.`
  } catch {
    return `The server answered ${response.status}.`
  }
}

/** An hour of reports; older ones are left out, and counted. */
const QUEUE_MAX = 720
/** A request without an answer by then is tried again. */
const REQUEST_MS = 10_000
