export { type ErrorCode, type Event, WeirError } from '@weir/proto'
export {
  type Alert,
  type AlertPage,
  type AlertQuery,
  type AlertSeverity,
  type AlertStatus,
  alertStatuses,
} from './alert.ts'
export { type ConnectOptions, connect, type Weir } from './connect.ts'
export { type ConnectionState, connectionStates } from './connection-state.ts'
export type { ConnectionStatus, Readable } from './connection-status.ts'
export type { Entry } from './entry.ts'
export type { Rejection } from './event-post.ts'
export { type LatestStore, type LatestStoreOptions, latestStore, type Schedule } from './latest-store.ts'
export type { WhenFull } from './outbox.ts'
export type { EventInit } from './outbox-item.ts'
export { type Producer, type ProducerOptions, producer } from './producer.ts'
export type {
  HistoryItem,
  HistoryPage,
  HistoryQuery,
  Series,
  StateItem,
  StatePage,
  StateQuery,
} from './read-api.ts'
export type { WebSocketConstructor } from './socket.ts'
export type { SubscribeOptions, Subscription } from './subscription.ts'
export type { GapItem, Removed, Reset, StateChanged, SubscriptionItem } from './subscription-item.ts'
export type { GetToken } from './token-source.ts'
