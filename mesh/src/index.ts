export type {
  Consumer,
  ConsumerConfig,
  ConsumerMessages,
  JetStreamClient,
  JetStreamManager,
  JsMsg,
  StoredMsg,
  StreamInfo,
} from '@nats-io/jetstream'
export { AckPolicy, DeliverPolicy, JetStreamApiError, jetstream, jetstreamManager } from '@nats-io/jetstream'
export type { KV, KvEntry } from '@nats-io/kv'
export { Kvm } from '@nats-io/kv'
export type { Msg, MsgHdrs, Subscription } from '@nats-io/nats-core'
export { headers, millis, nanos } from '@nats-io/nats-core'
export { adminHandler } from './admin.ts'
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
} from './config.ts'
export { bytes, flag, integer, list, oneOf, type Parser, port, seconds, secret, text, url } from './config-parsers.ts'
export { envTypos } from './env-typos.ts'
export { Health, type HealthReport, type PartHealth } from './health.ts'
export { type Identity, mayPublish, maySubscribe } from './identity.ts'
export { loadConfig } from './load-config.ts'
export { loadVerifier } from './load-verifier.ts'
export { createLogger, type Logger, logLevels } from './log.ts'
export { meshSettings } from './mesh-settings.ts'
export { type Counter, type Gauge, type Histogram, Metrics } from './metrics.ts'
export { natsBinary } from './nats/binary.ts'
export {
  BucketWriter,
  type BucketWriterOptions,
  type BucketWriterStats,
} from './nats/bucket-writer.ts'
export { type ConditionalMessage, ConditionalPublisher, type Outcome } from './nats/conditional-publisher.ts'
export { type ConnectOptions, connectNats, type NatsConnection } from './nats/connection.ts'
export { type DirectMessage, deleteMessage, lastMessage, messageAt, sequenceAt } from './nats/direct-get.ts'
export { newInbox } from './nats/inbox.ts'
export { LastValueReader } from './nats/last-value-reader.ts'
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
  sourceStream,
  sourceSubject,
  ticketBucketName,
} from './nats/layout.ts'
export { type NatsConfigOptions, renderNatsConfig } from './nats/nats-config.ts'
export { OneTimeBucket } from './nats/one-time-bucket.ts'
export { type NatsPermissions, type NatsRole, natsPermissions, natsRoles } from './nats/permissions.ts'
export { type Provisioned, type ProvisionOptions, provisionMesh, provisionTenant } from './nats/provision.ts'
export type { Stored } from './nats/publish-receipt.ts'
export { type Outgoing, Publisher, type PublisherOptions } from './nats/publisher.ts'
export { firstSequence, type Range, type RangeRead, readRange, type StoredMessage } from './nats/range.ts'
export { onReconnect } from './nats/reconnects.ts'
export { type ReaderStart, type StreamMessage, StreamReader, type StreamReaderOptions } from './nats/stream-reader.ts'
export { epochOf, type StreamState, streamState } from './nats/stream-state.ts'
export { type BucketSpec, defaultTenantSpec, meshBucket, type TenantSpec, ticketBucket } from './nats/streams.ts'
export { Tail, type TailOptions, type TailSink, type TailStats } from './nats/tail.ts'
export { isNewer, readStamp, stampHeaders, type ValueStamp } from './nats/value-stamp.ts'
export { type PortName, portSetting, ports } from './ports.ts'
export { type ProblemExtra, type ProblemParts, problem, problemParts } from './problem.ts'
export { type Handler, type HttpServer, type RequestInfo, type ServeOptions, serve } from './serve.ts'
export { type Part, runService, type ServiceOptions } from './service.ts'
export { bearerToken, mintToken, type TokenRequest } from './token.ts'
export { Verifier, type VerifierOptions } from './verifier.ts'
