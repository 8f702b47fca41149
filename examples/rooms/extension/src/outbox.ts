import type { Kept, Link, Waiting } from './kept.ts'
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
      const kept = [...queue, { key: crypto.randomUUID(), report }].slice(-QUEUE_MAX)
      const lost = status.lost + queue.length + 1 - kept.length
      await this.#around.keep({ queue: kept, status: { ...status, lost, readMs: this.#around.now() } })
    })
    await this.flush()
  }

  /** Sends what waits, until it is empty or the server does not take it now. */
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
    const kept = await this.#around.read()
    const [first] = kept.queue
    if (first === undefined || kept.server === '') return false
    const outcome = await this.#send(first, kept)
    await this.#inTurn(async () => {
      // More may have come meanwhile, behind the first, and have pushed it out of a full queue.
      const { queue, status } = await this.#around.read()
      const others = queue.filter(({ key }) => key !== first.key)
      switch (outcome.kind) {
        case 'stored': {
          const sentMs = this.#around.now()
          await this.#around.keep({ queue: others, status: { ...status, link: 'connected', reason: '', sentMs } })
          break
        }
        case 'unusable': {
          const { reason } = outcome
          const lost = status.lost + queue.length - others.length
          await this.#around.keep({ queue: others, status: { ...status, link: 'connected', reason, lost } })
          break
        }
        case 'later':
          await this.#around.keep({ status: { ...status, link: outcome.link, reason: outcome.reason } })
      }
    })
    return outcome.kind !== 'later'
  }

  async #send({ key, report }: Waiting, { room, server, token }: Kept): Promise<Outcome> {
    try {
      const response = await this.#around.fetch(`${server.replace(/\/+$/, '')}/api/tracking/telemetry`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify(report),
        signal: AbortSignal.timeout(REQUEST_MS),
      })
      if (response.ok) return { kind: 'stored' }
      const reason = await reasonOf(response)
      const { status } = response
      if (status === 429 || status >= 500) return { kind: 'later', link: 'busy', reason }
      // Another room was set meanwhile, and the token of that one may not write this one.
      const isOfAnotherRoom = status === 403 && report.room_id !== room
      if (isOfAnotherRoom || bodyFaults.has(status)) return { kind: 'unusable', reason }
      // A token or a server that is wrong can be put right in the popup, and then these are sent.
      return { kind: 'later', link: 'refused', reason }
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
  | { readonly kind: 'later'; readonly link: Link; readonly reason: string }

async function reasonOf(response: Response): Promise<string> {
  const { status } = response
  if (status === 404 || status === 405) return 'This server takes no telemetry: give the address of ingest.'
  const sentence = `The server answered ${status}.`
  try {
    const { detail } = (await response.json()) as { readonly detail?: string }
    return detail ?? sentence
  } catch {
    return sentence
  }
}

/** The same report would have the same answer. */
const bodyFaults: ReadonlySet<number> = new Set([400, 413, 422])
/** An hour of reports of one room; older ones are left out, and counted. */
const QUEUE_MAX = 720
/** A request without an answer by then is tried again. */
const REQUEST_MS = 10_000
