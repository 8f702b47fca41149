import {
  bytes,
  type DurabilityProfile,
  durabilityProfiles,
  duration,
  flag,
  integer,
  list,
  meshSettings,
  oneOf,
  optional,
  portSetting,
  type Setting,
  setting,
  text,
  url,
} from '@weir/mesh'
import { ingestLimits } from './limits.ts'

/** What the environment may set for ingest. */
export const ingestSettings: typeof meshSettings & {
  readonly port: Setting<number>
  readonly adminPort: Setting<number>
  readonly mqtt: Setting<boolean>
  readonly mqttPort: Setting<number>
  readonly hubUrl: Setting<string | undefined>
  readonly durability: Setting<DurabilityProfile>
  readonly bodyBytesMax: Setting<number>
  readonly bodiesBytesMax: Setting<number>
  readonly bodyMs: Setting<number>
  readonly eventsPerSecond: Setting<number>
  readonly bytesPerSecond: Setting<number>
  readonly subjectsMax: Setting<number>
  readonly aheadMs: Setting<number>
  readonly otlpDedupe: Setting<boolean>
  readonly routesFile: Setting<string | undefined>
  readonly origins: Setting<readonly string[]>
} = {
  ...meshSettings,
  port: portSetting('ingest', 'Where producers send.'),
  adminPort: portSetting('ingestAdmin', 'Where /healthz, /readyz and /metrics are.'),
  mqtt: setting('WEIR_MQTT', flag, false, 'Whether to listen for MQTT 3.1.1 and 5 as well (docs/mqtt.md).'),
  mqttPort: portSetting('mqtt', 'Where devices connect by MQTT, over TCP.'),
  hubUrl: optional(
    'WEIR_HUB_URL',
    url,
    'The hub that serves what clients of MQTT subscribe to, as ws://host:port; without it they only publish.',
  ),
  durability: setting(
    'WEIR_DURABILITY',
    oneOf(...durabilityProfiles),
    'dev',
    'What an answer is to mean (docs/guarantees.md). A warning at the start says when NATS has fewer copies than that.',
  ),
  bodyBytesMax: setting(
    'WEIR_INGEST_BODY_BYTES',
    bytes,
    ingestLimits.bodyBytesMax,
    'The largest body of a request, unpacked; a larger one is answered with 413.',
  ),
  bodiesBytesMax: setting(
    'WEIR_INGEST_BODIES_BYTES',
    bytes,
    ingestLimits.bodiesBytesMax,
    'The bodies of all requests that are under way, shared fairly; a producer past its share gets 503.',
  ),
  bodyMs: setting(
    'WEIR_INGEST_BODY_SECONDS',
    duration,
    ingestLimits.bodyMs,
    'How long a body may take to arrive; a slower one is answered with 408.',
  ),
  eventsPerSecond: setting(
    'WEIR_INGEST_EVENTS_PER_SECOND',
    integer(1, 1_000_000_000),
    ingestLimits.eventsPerSecond,
    'The events that one producer (tenant and sub of its tokens) may send in a second; past it 429.',
  ),
  bytesPerSecond: setting(
    'WEIR_INGEST_BYTES_PER_SECOND',
    bytes,
    ingestLimits.bytesPerSecond,
    'The bytes of bodies, unpacked, that one producer may send in a second; past it 429.',
  ),
  subjectsMax: setting(
    'WEIR_INGEST_SUBJECTS',
    integer(1, 10_000_000),
    ingestLimits.subjectsMax,
    'The different subjects that a tenant may use within an hour; events of further ones are rejected.',
  ),
  aheadMs: setting(
    'WEIR_INGEST_AHEAD_SECONDS',
    duration,
    ingestLimits.aheadMs,
    'How far ahead of the clock here the time of an event may lie; one past it is rejected. Late is welcome.',
  ),
  otlpDedupe: setting(
    'WEIR_INGEST_OTLP_DEDUPE',
    flag,
    true,
    'Whether two OTLP requests with the same bytes are one that was repeated, and stored once.',
  ),
  routesFile: optional(
    'WEIR_INGEST_ROUTES',
    text,
    'A YAML file of webhook routes, read again when it changes (docs/ingest.md).',
  ),
  origins: setting(
    'WEIR_INGEST_ORIGINS',
    list,
    [],
    'The origins whose pages may send events from a browser; * is any.',
  ),
}
