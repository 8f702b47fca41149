import {
  bytes,
  duration,
  integer,
  list,
  meshSettings,
  type Network,
  networks,
  optional,
  type Parser,
  portSetting,
  publishLimits,
  type Setting,
  setting,
} from '@weir/mesh'
import { formatDuration, isSubject } from '@weir/proto'
import { limits } from './limits.ts'

/** A name that can stand in a subject, as one token. */
const token: Parser<string> = {
  form: 'a name of A-Z a-z 0-9 _ = -',
  parse(value) {
    if (!isSubject(value) || value.includes('.')) throw new Error(`got "${value}"`)
    return value
  },
}

/** A duration that a timer can keep: Node fires one of more than 2^31 ms at once. */
function durationFrom(minMs: number, maxMs: number): Parser<number> {
  return {
    ...duration,
    form: `${duration.form}, from ${formatDuration(minMs)} to ${formatDuration(maxMs)}`,
    parse(value) {
      const ms = duration.parse(value)
      if (ms < minMs || ms > maxMs) throw new Error(`got "${value}"`)
      return ms
    },
  }
}

/** What the environment may set for a hub. Each bound says what happens at it. */
export const hubSettings: typeof meshSettings & {
  readonly port: Setting<number>
  readonly adminPort: Setting<number>
  readonly hubName: Setting<string | undefined>
  readonly workers: Setting<number>
  readonly worker: Setting<number | undefined>
  readonly origins: Setting<readonly string[] | undefined>
  readonly trustedProxies: Setting<readonly Network[]>
  readonly connectionsMax: Setting<number>
  readonly connectionsAnIpMax: Setting<number>
  readonly connectionsATenantMax: Setting<number | undefined>
  readonly subscriptionsMax: Setting<number>
  readonly filtersMax: Setting<number>
  readonly framesPerSecond: Setting<number>
  readonly windowBytesMax: Setting<number>
  readonly highWaterBytes: Setting<number>
  readonly socketBytesMax: Setting<number>
  readonly ringBytes: Setting<number>
  readonly ringsBytes: Setting<number>
  readonly latestBytes: Setting<number>
  readonly latestSubjects: Setting<number>
  readonly heartbeatMs: Setting<number>
  readonly stallMs: Setting<number>
  readonly gatherMs: Setting<number>
  readonly publishEventsPerSecond: Setting<number>
  readonly publishBytesPerSecond: Setting<number>
  readonly publishSubjectsMax: Setting<number>
  readonly idleSeconds: Setting<number>
  readonly maxConnectionAgeMs: Setting<number>
} = {
  ...meshSettings,
  port: portSetting('hub', 'Where subscribers connect.'),
  adminPort: portSetting('hubAdmin', 'Where /healthz, /readyz, /metrics and the sessions are.'),
  hubName: optional(
    'WEIR_HUB_NAME',
    token,
    'The name of this hub in Welcome and in the mesh; a random one when absent.',
  ),
  workers: setting(
    'WEIR_HUB_WORKERS',
    integer(1, 64),
    1,
    'Processes that share the port, on a machine without an orchestrator. Every bound below is one of each process.',
  ),
  worker: optional(
    'WEIR_HUB_WORKER',
    integer(1, 64),
    'Which of the workers a process is; the hub sets it for the processes that it starts.',
  ),
  origins: optional('WEIR_HUB_ORIGINS', list, 'The browser origins that may connect; every one when absent.'),
  trustedProxies: setting(
    'WEIR_HUB_TRUSTED_PROXIES',
    networks,
    [],
    'The proxies whose `X-Forwarded-For` says who a client is, as 10.1.0.0/16 or 127.0.0.1; without them a client is who opened the connection.',
  ),
  connectionsMax: setting(
    'WEIR_HUB_CONNECTIONS',
    integer(1, 10_000_000),
    100_000,
    'Connections of one process; a further one is answered with 503.',
  ),
  connectionsAnIpMax: setting(
    'WEIR_HUB_CONNECTIONS_PER_IP',
    integer(1, 10_000_000),
    20_000,
    'Connections of one address; a further one is answered with 429.',
  ),
  connectionsATenantMax: optional(
    'WEIR_HUB_CONNECTIONS_PER_TENANT',
    integer(1, 10_000_000),
    'Connections of one tenant; a further one is answered with 429, or closed to come again. As many as of the process when absent.',
  ),
  subscriptionsMax: setting(
    'WEIR_HUB_SUBSCRIPTIONS',
    integer(1, 100_000),
    256,
    'Subscriptions of one connection; a further one is refused.',
  ),
  filtersMax: setting(
    'WEIR_HUB_FILTERS',
    integer(1, 1024),
    64,
    'Filters of one subscription; one with more is refused.',
  ),
  framesPerSecond: setting(
    'WEIR_HUB_FRAMES_PER_SECOND',
    integer(1, 1_000_000),
    2000,
    'Frames that one client may send in a second, on average over two; past it the connection is closed.',
  ),
  windowBytesMax: setting('WEIR_HUB_WINDOW_BYTES', bytes, 8 * 1024 * 1024, 'The largest window that a client gets.'),
  highWaterBytes: setting(
    'WEIR_HUB_HIGH_WATER_BYTES',
    bytes,
    16_384,
    'Bytes in the buffer of a socket past which its subscriptions fall behind.',
  ),
  socketBytesMax: setting(
    'WEIR_HUB_SOCKET_BYTES',
    bytes,
    1024 * 1024 * 1024,
    'Bytes in the buffers of all sockets; past it new connections are answered with 503.',
  ),
  ringBytes: setting(
    'WEIR_HUB_RING_BYTES',
    bytes,
    64 * 1024 * 1024,
    'The recent log of one source, with what stands around its entries; an older cursor is served from JetStream.',
  ),
  ringsBytes: setting(
    'WEIR_HUB_RINGS_BYTES',
    bytes,
    1024 * 1024 * 1024,
    'The recent logs of all sources; past it they are shorter, though each keeps a megabyte or less.',
  ),
  latestBytes: setting(
    'WEIR_HUB_LATEST_BYTES',
    bytes,
    1024 * 1024 * 1024,
    'The latest tables of all sources beyond the recent logs; past it the quietest subjects are served from JetStream.',
  ),
  latestSubjects: setting(
    'WEIR_HUB_LATEST_SUBJECTS',
    integer(1, 100_000_000),
    1_000_000,
    'Subjects in one latest table beyond the recent log; past it the quietest are served from JetStream.',
  ),
  heartbeatMs: setting(
    'WEIR_HUB_HEARTBEAT_SECONDS',
    durationFrom(100, 600_000),
    10_000,
    'How often a quiet connection hears from the hub.',
  ),
  stallMs: setting(
    'WEIR_HUB_STALL_SECONDS',
    durationFrom(1_000, 86_400_000),
    60_000,
    'How long a client may take nothing before it is asked to reconnect; it loses nothing.',
  ),
  gatherMs: setting(
    'WEIR_HUB_CENTRIFUGE_GATHER_MS',
    integer(0, limits.gatherMsMax),
    10,
    'Milliseconds between two frames of a Centrifuge channel: what is published meanwhile goes into one. 0 waits for nothing.',
  ),
  publishEventsPerSecond: setting(
    'WEIR_HUB_PUBLISH_EVENTS_PER_SECOND',
    integer(1, 1_000_000_000),
    publishLimits.eventsPerSecond,
    'The events that the Centrifuge clients of one token (tenant and sub) may publish in a second; past it error 111.',
  ),
  publishBytesPerSecond: setting(
    'WEIR_HUB_PUBLISH_BYTES_PER_SECOND',
    bytes,
    publishLimits.bytesPerSecond,
    'The same for the bytes of their data.',
  ),
  publishSubjectsMax: setting(
    'WEIR_HUB_PUBLISH_SUBJECTS',
    integer(1, 10_000_000),
    publishLimits.subjectsMax,
    'The different subjects to which the clients of a tenant may publish within an hour; past it error 106.',
  ),
  idleSeconds: setting(
    'WEIR_HUB_IDLE_SECONDS',
    integer(8, 900),
    60,
    'How long a WebSocket may be silent: it is pinged before, and dropped when that is not answered. Less than a proxy allows.',
  ),
  maxConnectionAgeMs: setting(
    'WEIR_HUB_MAX_AGE_SECONDS',
    duration,
    0,
    'How long a connection may last, less up to a tenth at random, so that load moves to new hubs; 0 for ever.',
  ),
}
