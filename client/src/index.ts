export { type ErrorCode, type Event, WeirError } from '@weir/proto'
export { connect } from './connect.ts'
export { type LiveItem, type LiveOptions, live } from './live.ts'
export type { Clock } from './platform/clock.ts'
export { endpointUrl } from './platform/endpoint-url.ts'
export type { Fetch } from './platform/fetch.ts'
export type { Rejection } from './produce/event-post.ts'
export type { WhenFull } from './produce/outbox.ts'
export type { EventInit } from './produce/outbox-item.ts'
export { type Producer, type ProducerOptions, producer } from './produce/producer.ts'
export {
  type Alert,
  type AlertPage,
  type AlertQuery,
  type AlertSeverity,
  type AlertSilence,
  type AlertStatus,
  alertStatuses,
} from './read/alert.ts'
export type { Listing, Page } from './read/listing.ts'
export type {
  HistoryItem,
  HistoryPage,
  HistoryQuery,
  Series,
  StateItem,
  StatePage,
  StateQuery,
} from './read/queries.ts'
export type { Silence, SilenceInit, SilenceMatch, SilenceQuery } from './read/silence.ts'
export type { ConnectionSnapshot } from './session/connection-snapshot.ts'
export { type ConnectionState, connectionStates } from './session/connection-state.ts'
export type { ConnectionStatus, Readable } from './session/connection-status.ts'
export type { OpenSocket, Socket, SocketEvents, WebSocketConstructor } from './session/socket.ts'
export { EventList, type EventListOptions, type EventListSnapshot } from './store/event-list.ts'
export type { LatestRow } from './store/latest-rows.ts'
export { type LatestSnapshot, type LatestStore, type LatestStoreOptions, latestStore } from './store/latest-store.ts'
export type { LiveValue } from './store/live-value.ts'
export type { Schedule } from './store/next-frame.ts'
export type { Decode, SchemaIssue, SchemaResult, StandardSchema } from './subscription/decode.ts'
export type { Entry } from './subscription/entry.ts'
export type { HandlerName, HandlerOf } from './subscription/handlers.ts'
export type { CursorStorage } from './subscription/kept-cursor.ts'
export type { SubscribeOptions, Subscription, TypedSubscribeOptions } from './subscription/subscription.ts'
export type {
  GapItem,
  Invalid,
  Removed,
  Reset,
  StateChanged,
  SubscriptionItem,
} from './subscription/subscription-item.ts'
export type { GetToken, TokenOptions } from './token/token-source.ts'
export { type EventsOptions, type LatestOptions, watchEvents, watchLatest } from './watch.ts'
export type { ConnectOptions, Weir } from './weir.ts'
