import { limits } from '../limits.ts'
import { measured } from './measured.ts'

/** What a mesh is to carry. */
export interface Workload {
  readonly subscribers: number
  /** A second, of all tenants. */
  readonly events: number
  readonly subjects: number
  readonly eventBytes: number
  /** Events a second that match one subscriber. */
  readonly matching: number
  /** Between two batches to a subscriber; 0 sends each event when it comes. */
  readonly intervalMs: number
  /** Events in a request of a producer. */
  readonly batch: number
  readonly tenants: number
  readonly replicas: 1 | 3
  readonly history: boolean
}

/** What it takes. Cores are busy to `limits.busyShare`; counts of processes are whole. */
export interface MeshSize {
  readonly ingest: { readonly processes: number; readonly cores: number }
  readonly hub: {
    readonly processes: number
    readonly cores: number
    readonly connections: number
    readonly mebibytes: number
    /** For which the others are busy with the clients of one that was killed. */
    readonly recoverySeconds: number
  }
  readonly projector: { readonly processes: number; readonly cores: number }
  readonly nats: {
    readonly servers: number
    readonly cores: number
    readonly streams: number
    readonly gibibytesADay: number
  }
  readonly postgres: { readonly cores: number }
  readonly network: { readonly toHubsMegabits: number; readonly toSubscribersMegabits: number }
  /** Where the design stops for this load, and what one does then. */
  readonly limits: readonly string[]
}

const HUB_BASE_MEBIBYTES = 256
/** Around an entry in a table of latest values, beside its event. */
const ENTRY_BYTES = 200
/** Headers of NATS and TCP around a republished event, and of a batch around an entry. */
const NATS_HEAD_BYTES = 150
const ENTRY_HEAD_BYTES = 40

export function meshSize(load: Workload): MeshSize {
  const stops: string[] = []
  const framesEach = load.intervalMs === 0 ? load.matching : Math.min(load.matching, 1_000 / load.intervalMs)
  const deliveries = load.subscribers * load.matching
  const outCores = micros(
    load.subscribers * framesEach * measured.hubFrameMicros + deliveries * measured.hubEntryMicros,
  )
  const tenantEvents = load.events / load.tenants
  // A hub hears a tenant whole, however few of its subscribers it has.
  const inShare = micros(tenantEvents * measured.hubEventMicros)
  if (limits.busyShare - inShare <= 0.1) {
    stops.push(
      `A hub would spend ${percent(inShare)} of its core on hearing the ${Math.round(tenantEvents)} events a second of one tenant: split them over more tenants, ` +
        'or let subscribers read a bucket, which has only the newest of each subject.',
    )
  }
  const shards = Math.ceil(tenantEvents / measured.streamEventsMax)
  if (shards > 1) {
    stops.push(
      `One stream has taken ${measured.streamEventsMax} events a second here: spread the events of each tenant over ${shards} shards ("weir tenant create --shards"), or all over at least ${Math.ceil(load.events / measured.streamEventsMax)} tenants.`,
    )
  }
  // Every hub for every tenant, where it can hear them all; otherwise hubs of their own for each.
  const allShare = micros(load.events * measured.hubEventMicros)
  const isShared = limits.busyShare - allShare > 0.1
  const groups = isShared ? 1 : load.tenants
  const heard = isShared ? allShare : inShare
  const perGroup = Math.max(
    outCores / groups / Math.max(limits.busyShare - heard, 0.1),
    load.subscribers / groups / limits.hubConnectionsMax,
  )
  const hubs = Math.max(2, groups * Math.ceil(perGroup))
  const connections = Math.ceil(load.subscribers / hubs)
  const valueBytes = load.eventBytes + ENTRY_BYTES
  const hubsOfTenant = Math.ceil(hubs / groups)
  const natsMicros =
    load.replicas * measured.natsEventMicros +
    (hubsOfTenant - 1) * measured.natsHubMicros +
    load.replicas * measured.natsPutMicros
  const ingestMicros =
    measured.ingestBatchMicros + (measured.ingestSingleMicros - measured.ingestBatchMicros) / load.batch
  const ingestCores = micros(load.events * ingestMicros)
  const projectorMicros = measured.projectorEventMicros + (load.history ? measured.projectorRowMicros : 0)
  const projectorCores = micros(load.events * projectorMicros)
  return {
    ingest: { processes: atLeast(2, ingestCores), cores: ingestCores },
    hub: {
      processes: hubs,
      cores: outCores + hubs * heard,
      connections,
      mebibytes: Math.ceil(
        HUB_BASE_MEBIBYTES +
          (connections * measured.hubConnectionBytes + (load.subjects / groups) * valueBytes) / 1024 ** 2,
      ),
      recoverySeconds: micros(connections * measured.hubResumeMicros) / Math.max(1, hubsOfTenant - 1),
    },
    projector: { processes: atLeast(1, projectorCores), cores: projectorCores },
    nats: {
      servers: load.replicas,
      cores: micros(load.events * natsMicros),
      streams: load.tenants,
      gibibytesADay: (load.events * 86_400 * (load.eventBytes + NATS_HEAD_BYTES)) / 1024 ** 3,
    },
    postgres: { cores: load.history ? micros(load.events * measured.postgresRowMicros) : 0 },
    network: {
      toHubsMegabits: (hubsOfTenant * load.events * (load.eventBytes + NATS_HEAD_BYTES) * 8) / 1e6,
      toSubscribersMegabits: (deliveries * (load.eventBytes + ENTRY_HEAD_BYTES) * 8) / 1e6,
    },
    limits: stops,
  }
}

/** Cores that so many microseconds of work a second keep busy. */
function micros(count: number): number {
  return count / 1e6
}

function atLeast(least: number, cores: number): number {
  return Math.max(least, Math.ceil(cores / limits.busyShare))
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`
}
