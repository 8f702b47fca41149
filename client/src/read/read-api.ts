import { type Event, eventFromJson, WeirError } from '@weir/proto'
import { clientLimits } from '../limits.ts'
import type { Clock } from '../platform/clock.ts'
import { Deadline } from '../platform/deadline.ts'
import type { Fetch } from '../platform/fetch.ts'
import { httpError, membersOf } from '../platform/http-error.ts'
import type { TokenSource } from '../token/token-source.ts'
import { type Alert, type AlertJson, type AlertPage, type AlertQuery, alertOf } from './alert.ts'

export interface StateQuery {
  /** Which subjects; without, all that the token grants. */
  readonly filter?: string | readonly string[]
  /** Items a page. */
  readonly limit?: number
  /** `next` of the page before. */
  readonly after?: string
}

export interface StateItem {
  readonly subject: string
  readonly seq: number
  readonly event: Event
  /** How long ago it was stored. */
  readonly ageMs: number
  /** The age at which it is removed; 0 when it never is. */
  readonly ttlMs: number
}

export interface StatePage {
  readonly bucket: string
  /** Where a subscription to this bucket goes on. */
  readonly cursor: string
  readonly items: readonly StateItem[]
  /** The `after` of the query for the next page; undefined on the last. */
  readonly next: string | undefined
}

export interface HistoryQuery {
  /** Which subjects; without, all that the token grants. */
  readonly filter?: string | readonly string[]
  /** RFC 3339, a Date, or milliseconds since the Unix epoch. */
  readonly from?: string | number | Date
  readonly to?: string | number | Date
  /** Asks for `series` in place of events: readings in steps of so many seconds, or of `10s`, `5m`; needs `from`. */
  readonly step?: string | number
  /** Items a page. */
  readonly limit?: number
  /** `next` of the page before. */
  readonly cursor?: string
}

export interface HistoryItem {
  readonly subject: string
  readonly seq: number
  readonly event: Event
}

/** One metric of one subject in steps: columns of equal length. A step without readings is left out. */
export interface Series {
  readonly subject: string
  readonly metric: string
  readonly unit?: string
  /** Begin of each step, milliseconds since the Unix epoch. */
  readonly times: readonly number[]
  readonly count: readonly number[]
  readonly min: readonly number[]
  readonly max: readonly number[]
  readonly avg: readonly number[]
  readonly last: readonly number[]
}

export interface HistoryPage {
  readonly items: readonly HistoryItem[]
  /** With `step`. */
  readonly series?: readonly Series[]
  /** Where a subscription to `events` goes on. */
  readonly cursor: string
  /** The `cursor` of the query for the next page; undefined on the last. */
  readonly next: string | undefined
}

export interface ReadApiOptions {
  readonly url: string | undefined
  readonly tokens: TokenSource
  readonly fetch: Fetch
  readonly clock: Clock
}

/** The projector's HTTP interface. Every call rejects with WeirError: what the server says, or `unavailable`. */
export class ReadApi {
  readonly #options: ReadApiOptions

  constructor(options: ReadApiOptions) {
    this.#options = options
  }

  async state(bucket: string, { filter, limit, after }: StateQuery): Promise<StatePage> {
    const { cursor, items, next } = await this.#read<StatePage>(['state', bucket], { filter, limit, after })
    return { bucket, cursor, items: items.map(withEvent), next }
  }

  async get(bucket: string, key: string): Promise<StateItem | undefined> {
    try {
      return withEvent(await this.#read<StateItem>(['state', bucket, key], {}))
    } catch (thrown) {
      if (thrown instanceof WeirError && thrown.code === 'not_found') return undefined
      throw thrown
    }
  }

  async history({ filter, from, to, step, limit, cursor }: HistoryQuery): Promise<HistoryPage> {
    const query = { filter, from: timeText(from), to: timeText(to), step, limit, cursor }
    const page = await this.#read<HistoryPage>(['history'], query)
    const { series, cursor: head, next } = page
    return { items: page.items.map(withEvent), cursor: head, next, ...(series === undefined ? {} : { series }) }
  }

  async alerts({ filter, status, limit, after }: AlertQuery): Promise<AlertPage> {
    const query = { filter, status, limit, after }
    const page = await this.#read<{ cursor: string; items: readonly AlertJson[]; next?: string }>(['alerts'], query)
    return { cursor: page.cursor, items: page.items.map(alertOf), next: page.next }
  }

  async changeAlert(id: string, change: 'ack' | 'resolve'): Promise<Alert> {
    return alertOf(await this.#read<AlertJson>(['alerts', id, change], {}, 'POST'))
  }

  async #read<Body>(path: readonly string[], query: Query, method: Method = 'GET'): Promise<Body> {
    const { url, clock } = this.#options
    if (url === undefined) throw new WeirError('invalid', 'Give connect() a readUrl to use the read API.')
    const target = new URL(`/v1/${path.map(encodeURIComponent).join('/')}`, url)
    for (const [name, value] of Object.entries(query)) {
      for (const one of [value ?? []].flat()) target.searchParams.append(name, String(one))
    }
    const deadline = new Deadline(clock, clientLimits.requestMs, 'The read API gave no answer')
    const abort = new AbortController()
    try {
      const answer = this.#ask(method, target, abort.signal)
      return (await Promise.race([answer, deadline.passed])) as Body
    } finally {
      deadline.cancel()
      abort.abort()
    }
  }

  /** The members of a good answer. A token that is refused is replaced once. */
  async #ask(method: Method, target: URL, signal: AbortSignal): Promise<unknown> {
    let response = await this.#fetch(method, target, signal)
    if (response.status === 401) {
      await response.body?.cancel()
      this.#options.tokens.forget()
      response = await this.#fetch(method, target, signal)
    }
    const members = await membersOf(response)
    if (!response.ok) throw httpError(response.status, members)
    if (Object.keys(members).length === 0) {
      throw new WeirError('internal', `${target.origin} did not answer with JSON. Is it the read API?`)
    }
    return members
  }

  async #fetch(method: Method, target: URL, signal: AbortSignal): Promise<Response> {
    const { fetch, tokens } = this.#options
    const token = await tokens.get()
    try {
      return await fetch(target.href, { method, headers: { authorization: `Bearer ${token}` }, signal })
    } catch (cause) {
      throw new WeirError('unavailable', `${target.origin} cannot be reached.`, { cause })
    }
  }
}

type Method = 'GET' | 'POST'

type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>

/** The same item with its event read from JSON. */
function withEvent<Item extends { readonly event: unknown }>(item: Item): Item & { readonly event: Event } {
  return { ...item, event: eventFromJson(item.event) }
}

function timeText(time: string | number | Date | undefined): string | undefined {
  return time === undefined || typeof time === 'string' ? time : new Date(time).toISOString()
}
