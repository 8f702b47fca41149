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
export { Health, type HealthReport, type PartHealth } from './health.ts'
export { type Identity, mayPublish, maySubscribe } from './identity.ts'
export { createLogger, type Logger, logLevels } from './log.ts'
export { meshSettings } from './mesh-settings.ts'
export { type Counter, type Gauge, type Histogram, Metrics } from './metrics.ts'
export { natsBinary } from './nats/binary.ts'
export { type ConnectOptions, connectNats, type NatsConnection } from './nats/connection.ts'
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
} from './nats/layout.ts'
export { type NatsConfigOptions, renderNatsConfig } from './nats/nats-config.ts'
export { type NatsPermissions, type NatsRole, natsPermissions, natsRoles } from './nats/permissions.ts'
export { type Provisioned, type ProvisionOptions, provisionMesh, provisionTenant } from './nats/provision.ts'
export { Publisher, type PublisherOptions, type Stored } from './nats/publisher.ts'
export { type BucketSpec, defaultTenantSpec, meshBucket, type TenantSpec } from './nats/streams.ts'
export { type PortName, portSetting, ports } from './ports.ts'
export { type ProblemExtra, problem } from './problem.ts'
export { type Handler, type HttpServer, type ServeOptions, serve } from './serve.ts'
export { type Part, runService, type ServiceOptions } from './service.ts'
export { bearerToken, mintToken, type TokenRequest } from './token.ts'
export { Verifier, type VerifierOptions } from './verifier.ts'
