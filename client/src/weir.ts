import { WeirError } from '@weir/proto'
import { Connection } from './connection/connection.ts'
import { clientLimits } from './limits.ts'
import { type Clock, systemClock } from './platform/clock.ts'
import { endpointUrl } from './platform/endpoint-url.ts'
import type { Fetch } from './platform/fetch.ts'
import { onPageSight, onPageWake } from './platform/page-event.ts'
import type { Alert, AlertPage, AlertQuery } from './read/alert.ts'
import type { Listing, Page } from './read/listing.ts'
import type { HistoryItem, HistoryPage, HistoryQuery, StateItem, StatePage, StateQuery } from './read/queries.ts'
import type { ReadApi, ReadApiOptions } from './read/read-api.ts'
import type { Silence, SilenceInit, SilenceQuery } from './read/silence.ts'
import type { Codec } from './session/codec.ts'
import type { ConnectionStatus } from './session/connection-status.ts'
import { type OpenSocket, openWebSocket, type WebSocketConstructor } from './session/socket.ts'
import type { Decode } from './subscription/decode.ts'
import { type CursorStorage, KeptCursor } from './subscription/kept-cursor.ts'
import { type SubscribeOptions, Subscription, type TypedSubscribeOptions } from './subscription/subscription.ts'
import { type TokenOptions, TokenSource } from './token/token-source.ts'

export interface ConnectOptions extends TokenOptions {
  /**
   * Address of a hub, or of what stands before several, with any path before the hub's own:
   * `wss://weir.example.com/hub`. Several are tried in turn.
   */
  readonly url: string | readonly string[]
  /**
   * Address of the read API, for `state`, `get`, `history` and the alerts, with any path:
   * `https://weir.example.com/read`.
   */
  readonly readUrl?: string
  /** Name and version of the application, for the operators' list of sessions. */
  readonly client?: string
  /**
   * How many bytes the hub may send ahead of the application, for all subscriptions together. The
   * default is 262144.
   */
  readonly windowBytes?: number
  /** Where subscriptions with `resume` keep their cursors: `localStorage`, or anything like it. */
  readonly storage?: CursorStorage
  /** Instead of the global one. */
  readonly WebSocket?: WebSocketConstructor
  /** Instead of a WebSocket: `sharedSocket(...)` of `@weir/client/shared`, one for all tabs. */
  readonly openSocket?: OpenSocket
  /** Instead of the global one. */
  readonly fetch?: Fetch
}

/** A mesh, as an application sees it. */
export interface Weir {
  /** State of the connection, for a badge; a Svelte store. */
  readonly connection: ConnectionStatus
  /**
   * Throws WeirError `malformed` or `invalid`. The first subscription opens the connection. With
   * `decode`, entries have a `value`, and what does not decode is an item `invalid`.
   */
  subscribe(options: SubscribeOptions): Subscription
  subscribe<Value>(options: TypedSubscribeOptions<Value>): Subscription<Value>
  /**
   * What a bucket holds now: `for await` gives all of it; a page has the cursor at which a
   * subscription goes on.
   */
  state(bucket: string, query?: StateQuery): Listing<StateItem, StatePage>
  /**
   * One key of a bucket; undefined when it holds none. Rejects with `not_found` when there is no
   * such bucket.
   */
  get(bucket: string, key: string): Promise<StateItem | undefined>
  /**
   * Stored events: `for await` gives all of them; a page has the cursor at which a subscription to
   * `events` goes on.
   */
  history(query?: HistoryQuery): Listing<HistoryItem, HistoryPage>
  /**
   * Alerts, those that are open unless the query says otherwise; a page has the cursor for a
   * subscription to `alerts`.
   */
  alerts(query?: AlertQuery): Listing<Alert, AlertPage>
  /**
   * Acknowledges an alert by its `id`, in the name of the token, which must be granted to publish
   * to the alert's subject. Rejects with WeirError `not_found`, `forbidden`, or `conflict` when the
   * alert is resolved. What is acknowledged already stays so.
   */
  acknowledgeAlert(id: string): Promise<Alert>
  /** Resolves an alert in the same way. It does not fire again before its cause was gone. */
  resolveAlert(id: string): Promise<Alert>
  /**
   * Silences and maintenance times that are in force or still to come, those that end first first.
   */
  silences(query?: SilenceQuery): Promise<readonly Silence[]>
  /**
   * Silences alerts, or changes the silence of this name, in the name of the token, which must be
   * granted to publish `silences.<name>`. Rejects with WeirError `forbidden`, or `invalid` when it
   * matches every alert or lasts for more than 30 days.
   */
  silence(silence: SilenceInit): Promise<Silence>
  /** Ends a silence early. Rejects with WeirError `not_found` when none of the name is in force. */
  endSilence(name: string): Promise<void>
  /** Tries again at once while the next attempt waits for its time (`connection.retryAtMs`). */
  retryNow(): void
  /** Ends the connection and all subscriptions. */
  close(): void
}

/** What a mesh looks like from a test. */
export interface Surroundings {
  readonly openSocket: OpenSocket
  readonly clock: Clock
  /** 0 up to 1. */
  readonly random: () => number
  readonly fetch: Fetch
  /** Calls the action whenever the network may be another; what it returns ends that. */
  readonly onWake: (action: () => void) => () => void
  /**
   * Calls the action when the page begins to be seen or to be hidden; what it returns ends that.
   */
  readonly onSight: (action: (isSeen: boolean) => void) => () => void
}

/** What it looks like from where this runs. Throws `invalid` where there is no WebSocket. */
export function surroundingsOf(options: ConnectOptions): Surroundings {
  const WebSocket = options.WebSocket ?? globalThis.WebSocket
  if (WebSocket === undefined && options.openSocket === undefined) {
    throw new WeirError('invalid', 'There is no WebSocket here (Node has it from 22 on): give the option WebSocket.')
  }
  return {
    openSocket: options.openSocket ?? openWebSocket(WebSocket),
    clock: systemClock,
    random: Math.random,
    fetch: options.fetch ?? globalThis.fetch,
    onWake: onPageWake,
    onSight: onPageSight,
  }
}

export function openWeir(options: ConnectOptions, surroundings: Surroundings, codec: Codec): Weir {
  const { windowBytes = clientLimits.windowBytes, client = '@weir/client', readUrl } = options
  checkWindow(windowBytes)
  if (readUrl !== undefined) endpointUrl(readUrl, '/v1/state', 'http')
  const urls = [options.url].flat().map((url) => endpointUrl(url, '/v1/ws', 'ws'))
  if (urls.length === 0) throw new WeirError('invalid', 'url is an empty list: give the address of a hub.')
  const { clock, fetch, openSocket, random } = surroundings
  const tokens = new TokenSource(options, clock)
  const connection = new Connection({
    urls,
    codec,
    client,
    windowBytes,
    openSocket,
    tokens,
    clock,
    random,
    addressFault: (url) => loadedAddressFault(url, fetch),
  })
  // Many pages only subscribe: what reads is loaded when it is first used.
  let readApi: Promise<ReadApi> | undefined
  const read = (): Promise<ReadApi> => {
    readApi ??=
      readUrl === undefined ? Promise.reject(noReadUrl()) : loadReadApi({ url: readUrl, tokens, fetch, clock })
    return readApi
  }
  const listing = <Item, Answer extends Page<Item>>(ask: (api: ReadApi) => Listing<Item, Answer>) =>
    laterListing(read().then((api) => ({ listing: ask(api) })))
  const forgetWake = surroundings.onWake(() => connection.wake())
  const forgetSight = surroundings.onSight((isSeen) => connection.sight(isSeen))
  return {
    connection: connection.status,
    subscribe<Value>(request: SubscribeOptions & { readonly decode?: Decode<Value> }): Subscription<Value> {
      const { resume, decode } = request
      if (resume !== undefined && options.storage === undefined) {
        throw new WeirError('invalid', 'Give connect() a storage, such as localStorage, to resume after a reload.')
      }
      const keptCursor = resume && options.storage ? new KeptCursor(options.storage, resume, clock) : undefined
      return new Subscription({ source: connection, decode, keptCursor }, request)
    },
    state: (bucket, query = {}) => listing((api) => api.state(bucket, query)),
    get: async (bucket, key) => (await read()).get(bucket, key),
    history: (query = {}) => listing((api) => api.history(query)),
    alerts: (query = {}) => listing((api) => api.alerts(query)),
    acknowledgeAlert: async (id) => (await read()).changeAlert(id, 'ack'),
    resolveAlert: async (id) => (await read()).changeAlert(id, 'resolve'),
    silences: async (query = {}) => (await read()).silences(query),
    silence: async (silence) => (await read()).silence(silence),
    endSilence: async (name) => (await read()).endSilence(name),
    retryNow: () => connection.retryNow(),
    close() {
      forgetWake()
      forgetSight()
      connection.close()
    },
  }
}

/** Of a page without a network, not even the code that looks into it may come. */
async function loadedAddressFault(url: string, fetch: Fetch): Promise<WeirError | undefined> {
  const loaded = await import('./connection/address-check.ts').catch(() => undefined)
  return await loaded?.addressFault(url, fetch)
}

async function loadReadApi(options: ReadApiOptions): Promise<ReadApi> {
  const { ReadApi } = await import('./read/read-api.ts')
  return new ReadApi(options)
}

/**
 * A listing of what is yet to be loaded. It comes in an object, as a promise of a listing would
 * resolve to its page.
 */
function laterListing<Item, Answer extends Page<Item>>(
  later: Promise<{ readonly listing: Listing<Item, Answer> }>,
): Listing<Item, Answer> {
  const first = later.then(({ listing }) => listing)
  return Object.assign(first, {
    async *[Symbol.asyncIterator]() {
      // The loop is told of a failure; nobody waits for the page.
      first.catch(() => {})
      yield* (await later).listing
    },
  })
}

function noReadUrl(): WeirError {
  return new WeirError('invalid', 'Give connect() a readUrl to use the read API.')
}

function checkWindow(windowBytes: number): void {
  const { windowBytesMin, windowBytesMax } = clientLimits
  if (Number.isInteger(windowBytes) && windowBytes >= windowBytesMin && windowBytes <= windowBytesMax) return
  throw new WeirError('invalid', `windowBytes must be a whole number from ${windowBytesMin} to ${windowBytesMax}.`)
}
