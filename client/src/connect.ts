import { WeirError } from '@weir/proto'
import { Connection } from './connection/connection.ts'
import { clientLimits } from './limits.ts'
import { type Clock, systemClock } from './platform/clock.ts'
import type { Fetch } from './platform/fetch.ts'
import { onPageEvent } from './platform/page-event.ts'
import type { Alert, AlertPage, AlertQuery } from './read/alert.ts'
import {
  type HistoryPage,
  type HistoryQuery,
  ReadApi,
  type StateItem,
  type StatePage,
  type StateQuery,
} from './read/read-api.ts'
import { jsonCodec, protobufCodec } from './session/codec.ts'
import type { ConnectionStatus } from './session/connection-status.ts'
import { type OpenSocket, openWebSocket, type WebSocketConstructor } from './session/socket.ts'
import { type SubscribeOptions, Subscription } from './subscription/subscription.ts'
import { type GetToken, TokenSource } from './token/token-source.ts'

export interface ConnectOptions {
  /** Address of a hub, or of what stands before several: `wss://hub.example.com`. `/v1/ws` is added where it has no path. */
  readonly url: string
  /** Gives a token when the client needs one: to connect, and before the last one expires. */
  readonly getToken: GetToken
  /** Address of the read API, for `state`, `get`, `history` and the alerts: `https://weir.example.com`. */
  readonly readUrl?: string
  /** Name and version of the application, for the operators' list of sessions. */
  readonly client?: string
  /** How many bytes the hub may send ahead of the application, for all subscriptions together. The default is 262144. */
  readonly windowBytes?: number
  /** `json` is for looking at the frames; the default is `protobuf`. */
  readonly codec?: 'protobuf' | 'json'
  /** Instead of the global one. */
  readonly WebSocket?: WebSocketConstructor
  /** Instead of the global one. */
  readonly fetch?: Fetch
}

/** A mesh, as an application sees it. */
export interface Weir {
  /** State of the connection, for a badge; a Svelte store. */
  readonly connection: ConnectionStatus
  /** Throws WeirError `malformed` or `invalid`. The first subscription opens the connection. */
  subscribe(options?: SubscribeOptions): Subscription
  /** What a bucket holds now, and the cursor at which a subscription to it goes on. */
  state(bucket: string, query?: StateQuery): Promise<StatePage>
  /** One key of a bucket; undefined when it holds none. */
  get(bucket: string, key: string): Promise<StateItem | undefined>
  /** Stored events, and the cursor at which a subscription to `events` goes on. */
  history(query?: HistoryQuery): Promise<HistoryPage>
  /** Alerts, those that are open unless the query says otherwise, and the cursor at which a subscription to `alerts` goes on. */
  alerts(query?: AlertQuery): Promise<AlertPage>
  /**
   * Acknowledges an alert by its `id`, in the name of the token, which must be granted to publish to the alert's subject. Rejects
   * with WeirError `not_found`, `forbidden`, or `conflict` when the alert is resolved. What is acknowledged already stays so.
   */
  acknowledgeAlert(id: string): Promise<Alert>
  /** Resolves an alert in the same way. It does not fire again before its cause was gone. */
  resolveAlert(id: string): Promise<Alert>
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
  /** Calls the action whenever the network may be back; what it returns ends that. */
  readonly onOnline: (action: () => void) => () => void
}

/** Throws WeirError `invalid` for options that cannot work. Nothing is opened before the first subscription. */
export function connect(options: ConnectOptions): Weir {
  const WebSocket = options.WebSocket ?? globalThis.WebSocket
  if (WebSocket === undefined) {
    throw new WeirError('invalid', 'There is no WebSocket here (Node has it from 22 on): give the option WebSocket.')
  }
  return connectIn(options, {
    openSocket: openWebSocket(WebSocket),
    clock: systemClock,
    random: Math.random,
    fetch: options.fetch ?? globalThis.fetch,
    onOnline: (action) => onPageEvent('online', action),
  })
}

export function connectIn(options: ConnectOptions, surroundings: Surroundings): Weir {
  const { windowBytes = clientLimits.windowBytes, client = '@weir/client', codec, readUrl } = options
  checkWindow(windowBytes)
  const { clock, fetch, openSocket, random } = surroundings
  const tokens = new TokenSource(options.getToken, clock)
  const url = hubUrl(options.url)
  const codecUsed = codec === 'json' ? jsonCodec : protobufCodec
  const connection = new Connection({ url, codec: codecUsed, client, windowBytes, openSocket, tokens, clock, random })
  const readApi = new ReadApi({ url: readUrl, tokens, fetch, clock })
  const forgetOnline = surroundings.onOnline(() => connection.retryNow())
  return {
    connection: connection.status,
    subscribe: (request = {}) => new Subscription(connection, request),
    state: (bucket, query = {}) => readApi.state(bucket, query),
    get: (bucket, key) => readApi.get(bucket, key),
    history: (query = {}) => readApi.history(query),
    alerts: (query = {}) => readApi.alerts(query),
    acknowledgeAlert: (id) => readApi.changeAlert(id, 'ack'),
    resolveAlert: (id) => readApi.changeAlert(id, 'resolve'),
    retryNow: () => connection.retryNow(),
    close() {
      forgetOnline()
      connection.close()
    },
  }
}

function checkWindow(windowBytes: number): void {
  const { windowBytesMin, windowBytesMax } = clientLimits
  if (Number.isInteger(windowBytes) && windowBytes >= windowBytesMin && windowBytes <= windowBytesMax) return
  throw new WeirError('invalid', `windowBytes must be a whole number from ${windowBytesMin} to ${windowBytesMax}.`)
}

function hubUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^(wss?|https?):$/.test(url.protocol)) {
    throw new WeirError('invalid', `"${text}" is not the address of a hub, like wss://hub.example.com.`)
  }
  url.protocol = url.protocol.replace('http', 'ws')
  if (url.pathname === '/') url.pathname = '/v1/ws'
  return url.href
}
