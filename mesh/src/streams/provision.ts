import { setTimeout as sleep } from 'node:timers/promises'
import {
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  type StreamInfo,
} from '@nats-io/jetstream'
import { errors, type NatsConnection } from '@nats-io/nats-core'
import { backoffMs, checkTenant, WeirError } from '@weir/proto'
import { limits } from '../config/limits.ts'
import { eventStream, shardName } from './layout.ts'
import { type PlanChange, planChanges } from './plan-changes.ts'
import { shardsOf } from './stream-state.ts'
import { meshStreams, type StreamPlan, type TenantSpec, tenantStreams } from './streams.ts'

export interface ProvisionOptions {
  /** Make changes that lose stored data, where the server can make them at all. */
  readonly force?: boolean
  readonly deadlineMs?: number
}

/** What was done for one stream. */
export interface Provisioned {
  readonly stream: string
  readonly action: 'created' | 'updated' | 'unchanged'
  readonly changes: readonly PlanChange[]
}

/**
 * Makes or updates the streams and buckets of a tenant; nothing happens where they are right.
 * Throws `conflict`, before any change, when a change would lose stored data and is not forced;
 * `unavailable` when JetStream has no leader for too long.
 */
export function provisionTenant(
  nc: NatsConnection,
  tenant: string,
  spec: TenantSpec,
  options: ProvisionOptions = {},
): Promise<readonly Provisioned[]> {
  checkTenant(tenant)
  // A spec that cannot be is refused before anything is asked.
  tenantStreams(tenant, spec)
  return provision(
    nc,
    async (look) => tenantStreams(tenant, { ...spec, shards: await shardsToHave(tenant, spec, look) }),
    options,
  )
}

/** Throws `conflict` where the tenant has another number of shards than it is to have. */
async function shardsToHave(tenant: string, { shards }: TenantSpec, look: Look): Promise<number> {
  const there = await look(eventStream(tenant))
  const info = there ?? (await look(eventStream(shardName(tenant, 0))))
  const has = info && shardsOf(info.config.metadata)
  if (has === undefined || shards === undefined || shards === has) return has ?? shards ?? 1
  throw new WeirError(
    'conflict',
    `The events of tenant ${tenant} are spread over ${has} shards, and that cannot be changed to ${shards}: make another tenant, and move the producers and then the dashboards to it (docs/scaling.md).`,
  )
}

/**
 * Makes or updates the buckets that belong to no tenant: in which hubs say that they are there, and
 * of tickets.
 */
export function provisionMesh(
  nc: NatsConnection,
  replicas: number,
  options: ProvisionOptions = {},
): Promise<readonly Provisioned[]> {
  return provision(nc, () => Promise.resolve(meshStreams(replicas)), options)
}

async function provision(
  nc: NatsConnection,
  planned: (look: Look) => Promise<readonly StreamPlan[]>,
  { force = false, deadlineMs = limits.provisionDeadlineMs }: ProvisionOptions,
): Promise<readonly Provisioned[]> {
  const manager = await jetstreamManager(nc, { checkAPI: false, timeout: limits.provisionRequestMs })
  const deadline = Date.now() + deadlineMs
  const look: Look = (name) => settled({ name, max_bytes: 0 }, deadline, () => streamInfo(manager, name))
  const steps: Step[] = []
  for (const plan of await planned(look)) {
    const info = await look(plan.name)
    steps.push({ plan, exists: info !== undefined, changes: info === undefined ? [] : planChanges(plan, info) })
  }
  if (!force) refuseLoss(steps)
  const done: Provisioned[] = []
  for (const { plan, exists, changes } of steps) {
    if (!exists) await settled(plan, deadline, () => manager.streams.add(plan))
    else if (changes.length > 0) await settled(plan, deadline, () => manager.streams.update(plan.name, plan))
    const action = !exists ? 'created' : changes.length > 0 ? 'updated' : 'unchanged'
    done.push({ stream: plan.name, action, changes })
  }
  return done
}

/** What there is of a stream. */
type Look = (name: string) => Promise<StreamInfo | undefined>

interface Step {
  readonly plan: StreamPlan
  readonly exists: boolean
  readonly changes: readonly PlanChange[]
}

function refuseLoss(steps: readonly Step[]): void {
  const losses = steps.flatMap(({ plan, changes }) =>
    changes.flatMap((change) => (change.loss === undefined ? [] : [`${plan.name}: ${change.loss}`])),
  )
  if (losses.length > 0) {
    throw new WeirError('conflict', `This would lose data. ${losses.join(' ')} Force it if that is meant.`)
  }
}

async function streamInfo(manager: JetStreamManager, name: string): Promise<StreamInfo | undefined> {
  try {
    return await manager.streams.info(name)
  } catch (cause) {
    if (cause instanceof JetStreamApiError && cause.code === JetStreamApiCodes.StreamNotFound) return undefined
    throw cause
  }
}

type NamedPlan = Pick<StreamPlan, 'name' | 'max_bytes'> & Partial<Pick<StreamPlan, 'num_replicas'>>

/**
 * Makes an idempotent request again, until the deadline, while JetStream has no leader or too few
 * servers.
 */
async function settled<T>(plan: NamedPlan, deadline: number, request: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await request()
    } catch (cause) {
      if (!isPassing(cause)) throw refusal(plan, cause)
      const waitMs = backoffMs(attempt, limits.provisionRetryMs, limits.provisionRetryMaxMs)
      if (Date.now() + waitMs > deadline) throw new WeirError('unavailable', stillWaitingFor(plan, cause), { cause })
      await sleep(waitMs)
    }
  }
}

/**
 * What an election, a reconnect or a server that comes up passes over. "JetStream is not enabled"
 * is also what the client says when nobody answers, as in an election.
 */
function isPassing(cause: unknown): boolean {
  if (cause instanceof JetStreamApiError) return cause.status === 503 || cause.code === NO_SUITABLE_PEERS
  if (isForbidden(cause)) return false
  return (
    cause instanceof errors.TimeoutError ||
    cause instanceof errors.NoRespondersError ||
    cause instanceof errors.RequestError ||
    (cause instanceof Error && cause.name === 'JetStreamNotEnabled')
  )
}

function stillWaitingFor({ name, num_replicas: replicas = 1 }: NamedPlan, cause: unknown): string {
  return cause instanceof JetStreamApiError && cause.code === NO_SUITABLE_PEERS
    ? `NATS has no servers with room for ${replicas} copies of ${name}: start more of them, or ask for fewer copies.`
    : 'JetStream does not answer: is it enabled, and has its cluster a leader?'
}

/** `err_code` of the JetStream API: too few servers are there, or too full. */
const NO_SUITABLE_PEERS = 10005

function isForbidden(cause: unknown): boolean {
  return cause instanceof Error && cause.cause instanceof errors.PermissionViolationError
}

function refusal(plan: NamedPlan, cause: unknown): unknown {
  if (isForbidden(cause)) {
    return new WeirError('forbidden', 'This NATS user may not make streams: use the one of the admin.', { cause })
  }
  if (!(cause instanceof JetStreamApiError)) return cause
  if (cause.code === 10047 || cause.code === 10028) {
    const message = `The server has no room for the ${plan.max_bytes} bytes of ${plan.name}: ask for fewer, or give it more.`
    return new WeirError('quota_exceeded', message, { cause })
  }
  return new WeirError('conflict', `NATS refuses the stream ${plan.name}: ${cause.message}.`, { cause })
}
