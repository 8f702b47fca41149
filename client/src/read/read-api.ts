import { type Event, itemTexts, memberText, receivedEvent, WeirError } from '@weir/proto'
import { readLimits } from '../limits.ts'
import type { Clock } from '../platform/clock.ts'
import { Deadline } from '../platform/deadline.ts'
import { endpointUrl } from '../platform/endpoint-url.ts'
import type { Fetch } from '../platform/fetch.ts'
import { httpError, type Members, membersOf } from '../platform/http-error.ts'
import type { EncodedEvent } from '../session/codec.ts'
import { Entry } from '../subscription/entry.ts'
import type { TokenSource } from '../token/token-source.ts'
import { type Alert, type AlertJson, type AlertPage, type AlertQuery, alertOf } from './alert.ts'
import { type Listing, listing } from './listing.ts'
import type { HistoryItem, HistoryPage, HistoryQuery, StateItem, StatePage, StateQuery } from './queries.ts'
import {
  type Silence,
  type SilenceInit,
  type SilenceJson,
  type SilenceQuery,
  silenceBody,
  silenceOf,
} from './silence.ts'
import { timeText } from './time-text.ts'

export interface ReadApiOptions {
  readonly url: string
  readonly tokens: TokenSource
  readonly fetch: Fetch
  readonly clock: Clock
}

/**
 * The projector's HTTP interface. Every call rejects with WeirError: what the server says, or
 * `unavailable`.
 */
export class ReadApi {
  readonly #options: ReadApiOptions

  constructor(options: ReadApiOptions) {
    this.#options = options
  }

  state(bucket: string, query: StateQuery): Listing<StateItem, StatePage> {
    return listing(query.limit, query.after, async (limit, after) => {
      const { members, text } = await this.#read<Wire<StatePage>>(['state', bucket], { ...query, limit, after })
      const { cursor, items, next } = members
      const texts = itemTexts(memberText(text, 'items') ?? '[]')
      return { bucket, cursor, items: items.map((item, at) => stateItem(item, texts[at] ?? '')), next }
    })
  }

  /**
   * Undefined when the bucket holds no such key. Rejects with `not_found` when there is no such
   * bucket.
   */
  async get(bucket: string, key: string): Promise<StateItem | undefined> {
    try {
      const { members, text } = await this.#read<WireItem>(['state', bucket, key], {})
      return stateItem(members, text)
    } catch (thrown) {
      if (!(thrown instanceof WeirError) || thrown.code !== 'not_found') throw thrown
      // A missing bucket, another server and a proxy's page answer 404 as well: then this rejects
      // too.
      await this.state(bucket, { filter: key, limit: 1 })
      return undefined
    }
  }

  history(query: HistoryQuery): Listing<HistoryItem, HistoryPage> {
    const times = { from: timeText(query.from), to: timeText(query.to) }
    return listing(query.limit, query.cursor, async (limit, cursor) => {
      // A step asks for series, which come whole.
      const page = query.step === undefined ? { limit, cursor } : { cursor }
      const { members, text } = await this.#read<Wire<HistoryPage>>(['history'], { ...query, ...times, ...page })
      const { series, cursor: head, items, next } = members
      const texts = itemTexts(memberText(text, 'items') ?? '[]')
      const found = { items: items.map((item, at) => entryOf(item, texts[at] ?? '')), cursor: head, next }
      return series === undefined ? found : { ...found, series }
    })
  }

  alerts(query: AlertQuery): Listing<Alert, AlertPage> {
    return listing(query.limit, query.after, async (limit, after) => {
      const { members } = await this.#read<WireAlerts>(['alerts'], { ...query, limit, after })
      return { cursor: members.cursor, items: members.items.map(alertOf), next: members.next }
    })
  }

  async changeAlert(id: string, change: 'ack' | 'resolve'): Promise<Alert> {
    return alertOf((await this.#read<AlertJson>(['alerts', id, change], {}, { method: 'POST' })).members)
  }

  async silences(query: SilenceQuery): Promise<readonly Silence[]> {
    const { members } = await this.#read<{ readonly items: readonly SilenceJson[] }>(['silences'], { ...query })
    return members.items.map(silenceOf)
  }

  async silence(asked: SilenceInit): Promise<Silence> {
    const request: Asked = { method: 'PUT', body: silenceBody(asked) }
    return silenceOf((await this.#read<SilenceJson>(['silences', asked.name], {}, request)).members)
  }

  async endSilence(name: string): Promise<void> {
    await this.#read(['silences', name], {}, { method: 'DELETE' })
  }

  async #read<Body>(path: readonly string[], query: Query, asked: Asked = reading): Promise<Answer<Body>> {
    const { url, clock } = this.#options
    const target = new URL(endpointUrl(url, `/v1/${path.map(encodeURIComponent).join('/')}`, 'http'))
    for (const [name, value] of Object.entries(query)) {
      for (const one of [value ?? []].flat()) target.searchParams.append(name, String(one))
    }
    const deadline = new Deadline(clock, readLimits.requestMs, 'The read API gave no answer')
    const abort = new AbortController()
    try {
      const answer = this.#ask(asked, target, abort.signal)
      return (await Promise.race([answer, deadline.passed])) as Answer<Body>
    } finally {
      deadline.cancel()
      abort.abort()
    }
  }

  /** A good answer. A token that is refused is replaced once. */
  async #ask(asked: Asked, target: URL, signal: AbortSignal): Promise<Answer<Members>> {
    let response = await this.#fetch(asked, target, signal)
    if (response.status === 401 && this.#options.tokens.forget()) {
      await response.body?.cancel()
      response = await this.#fetch(asked, target, signal)
    }
    const text = await response.text()
    const members = membersOf(text)
    if (!response.ok) throw httpError(response.status, members)
    if (Object.keys(members).length === 0 && response.status !== NO_CONTENT) {
      throw new WeirError('internal', `${target.origin} did not answer with JSON. Is it the read API?`)
    }
    return { members, text }
  }

  async #fetch(asked: Asked, target: URL, signal: AbortSignal): Promise<Response> {
    const { fetch, tokens } = this.#options
    const token = await tokens.get()
    try {
      return await fetch(target.href, { ...asked, headers: headersOf(asked, token), signal })
    } catch (cause) {
      throw new WeirError('unavailable', `${target.origin} cannot be reached: is the address right and does it run?`, {
        cause,
      })
    }
  }
}

/** RFC 9110 section 15.3.5. */
const NO_CONTENT = 204

interface Asked {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** JSON. */
  readonly body?: string
}

const reading: Asked = { method: 'GET' }

function headersOf({ body }: Asked, token: string): Record<string, string> {
  return { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) }
}

type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

/** An answer, read, and as it was written: an event's data is cut out of that. */
interface Answer<Body> {
  readonly members: Body
  readonly text: string
}

interface WireItem {
  readonly subject: string
  readonly seq: number
  readonly ageMs: number
  readonly ttlMs: number
}

interface WireAlerts {
  readonly cursor: string
  readonly items: readonly AlertJson[]
  readonly next?: string
}

type Wire<Answered> = Omit<Answered, 'items'> & { readonly items: readonly WireItem[] }

function stateItem(item: WireItem, text: string): StateItem {
  return Object.assign(entryOf(item, text), { ageMs: item.ageMs, ttlMs: item.ttlMs })
}

function entryOf({ subject, seq }: WireItem, text: string): Entry {
  return new Entry(subject, seq, undefined, memberText(text, 'event') ?? 'null', decodeText)
}

function decodeText(text: EncodedEvent): Event {
  return receivedEvent(text as string)
}
