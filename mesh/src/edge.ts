/**
 * What runs where there are no sockets and no files, as at the edge of a network: web standards,
 * and of Node only node:crypto's hash, which such runtimes offer too.
 */
export { bearerToken, requestToken } from './auth/authorization.ts'
export { grantsText, type Identity, mayPublish, maySubscribe } from './auth/identity.ts'
export { Verifier, type VerifierOptions } from './auth/verifier.ts'
export { publishLimits } from './config/limits.ts'
export type { NatsConnection } from './connection/connection.ts'
export { connectNatsByWebSocket, type WebSocketOptions } from './connection/websocket.ts'
export {
  type Answer,
  type DescribedRoute,
  type OpenApi,
  type Operation,
  openApi,
  type Parameter,
  pathTemplate,
} from './http/open-api.ts'
export { type ProblemExtra, problem, problemSchema } from './http/problem.ts'
export { secured, secureHeaders } from './http/secure-headers.ts'
export type { Stored } from './publish/publish-receipt.ts'
export { type Outgoing, Publisher, type PublisherOptions } from './publish/publisher.ts'
export { RateBuckets, type RateLimits } from './publish/rate-buckets.ts'
export { SubjectQuota } from './publish/subject-quota.ts'
export type { TracedSpan, Traces } from './run/traces.ts'
export { EventShards, shardOf } from './streams/event-shards.ts'
export { eventStream, eventSubject, tenantOfShard } from './streams/layout.ts'
export { streamState } from './streams/stream-state.ts'
export {
  hasRoomForIdentity,
  identityToken,
  isWhole,
  subjectToken,
  subjectTokens,
  textSubject,
  valuesSubject,
  withIdentity,
} from './streams/subject-token.ts'
