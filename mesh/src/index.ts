// Services, tests and benchmarks get these of the NATS client here: mesh is its one importer.
export { jetstream, jetstreamManager } from '@nats-io/jetstream'
export { Kvm } from '@nats-io/kv'
export { headers, type Msg, type Subscription } from '@nats-io/nats-core'
export { bearerToken, requestToken } from './auth/authorization.ts'
export { type Denial, Denials } from './auth/denials.ts'
export { grantsText, type Identity, mayPublish, maySubscribe } from './auth/identity.ts'
export { loadVerifier } from './auth/load-verifier.ts'
export { mintToken, type TokenRequest } from './auth/token.ts'
export { Verifier, type VerifierOptions } from './auth/verifier.ts'
export { exportKeys, watchKeys } from './auth/watch-keys.ts'
export {
  BucketWriter,
  type BucketWriterOptions,
} from './buckets/bucket-writer.ts'
export type { BucketWriterStats } from './buckets/key-writes.ts'
export { OneTimeBucket } from './buckets/one-time-bucket.ts'
export { isNewer, readStamp, stampHeaders, type ValueStamp } from './buckets/value-stamp.ts'
export {
  ConfigError,
  type ConfigOf,
  configTable,
  type Declaration,
  type Environment,
  optional,
  parseConfig,
  type Setting,
  setting,
} from './config/config.ts'
export {
  bytes,
  duration,
  flag,
  integer,
  list,
  oneOf,
  type Parser,
  port,
  secret,
  text,
  url,
} from './config/config-parsers.ts'
export { publishLimits } from './config/limits.ts'
export { loadConfig } from './config/load-config.ts'
export { meshSettings } from './config/mesh-settings.ts'
export { blockList, type Network, networkOf, networks } from './config/networks.ts'
export { type PortName, portSetting, ports } from './config/ports.ts'
export { type ConnectOptions, connectNats, type NatsConnection } from './connection/connection.ts'
export { newInbox } from './connection/inbox.ts'
export { type NatsAccess, type NatsTls, natsAccess } from './connection/nats-access.ts'
export { onReconnect } from './connection/reconnects.ts'
export { DenialFeed, type DenialFeedOptions } from './denials/denial-feed.ts'
export { adminHandler, metricsResponse } from './http/admin.ts'
export { type AdminRoutes, type AdminServer, serveAdmin } from './http/admin-server.ts'
export type { Handler, HttpServer, RequestInfo } from './http/http-server.ts'
export { type Answer, type OpenApi, type Operation, openApi, type Parameter, pathTemplate } from './http/open-api.ts'
export { type ProblemExtra, type ProblemParts, problem, problemParts, problemSchema } from './http/problem.ts'
export { checkParameters, flagOf } from './http/query-parameters.ts'
export { secured, secureHeaders } from './http/secure-headers.ts'
export { type ServeOptions, serve } from './http/serve.ts'
export { type Load, Presence, type PresenceOptions, presenceName } from './presence/presence.ts'
export { type ConditionalMessage, ConditionalPublisher, type Outcome } from './publish/conditional-publisher.ts'
export { PublishQuota, type PublishQuotaOptions } from './publish/publish-quota.ts'
export type { Stored } from './publish/publish-receipt.ts'
export { type Outgoing, Publisher, type PublisherOptions } from './publish/publisher.ts'
export { exportPublisher, type PublisherCounts } from './publish/publisher-metrics.ts'
export { type DirectMessage, deleteMessage, lastMessage, messageAt, sequenceAt } from './read/direct-get.ts'
export { LastValueReader } from './read/last-value-reader.ts'
export { firstSequence } from './read/leader-get.ts'
export { type Range, type RangeRead, readRange, type StoredMessage } from './read/range.ts'
export { type ReaderStart, type StreamMessage, StreamReader, type StreamReaderOptions } from './read/stream-reader.ts'
export { Health, type HealthReport, type PartHealth } from './run/health.ts'
export { createLogger, type Logger } from './run/log.ts'
export { type Counter, type Gauge, type Histogram, type MetricDescription, Metrics } from './run/metrics.ts'
export { openTraces, type TraceSettings } from './run/open-traces.ts'
export { exportReloads, Reload, type ReloadOptions } from './run/reload.ts'
export { Scope } from './run/scope.ts'
export { runService, type ServiceOptions } from './run/service.ts'
export { systemReason } from './run/system-reason.ts'
export type { TracedSpan, TracedWork, Traces } from './run/traces.ts'
export { bucketNames } from './streams/bucket-names.ts'
export { type DurabilityProfile, durabilityFault, durabilityProfiles } from './streams/durability.ts'
export { EventShards, eventShards, shardOf } from './streams/event-shards.ts'
export {
  bucketName,
  bucketStream,
  deadLetterStream,
  deadLetterSubject,
  eventStream,
  eventSubject,
  hubControlSubject,
  keySubject,
  liveSubject,
  meshBucketName,
  shardName,
  sourceStream,
  sourceSubject,
  tenantOfShard,
  ticketBucketName,
} from './streams/layout.ts'
export { type MirrorSpec, mirrorTenant } from './streams/mirror.ts'
export {
  type NatsClusterOptions,
  type NatsConfigOptions,
  renderNatsConfig,
  renderNatsUsers,
} from './streams/nats-config.ts'
export { type NatsPermissions, type NatsRole, natsPermissions, natsRoles } from './streams/permissions.ts'
export { type Provisioned, type ProvisionOptions, provisionMesh, provisionTenant } from './streams/provision.ts'
export { type Leadership, spreadLeaders } from './streams/spread-leaders.ts'
export { epochOf, type StreamState, streamState } from './streams/stream-state.ts'
export { type BucketSpec, defaultTenantSpec, meshBucket, type TenantSpec, ticketBucket } from './streams/streams.ts'
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
export { Tail, type TailOptions, type TailStats } from './tail/tail.ts'
export type { TailSink } from './tail/tail-sink.ts'
export { natsBinary } from './testing/binary.ts'
