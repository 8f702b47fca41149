import type { NatsConnection } from '@nats-io/nats-core'
import { checkTenant, WeirError } from '@weir/proto'
import { limits } from '../config/limits.ts'
import { eventStream, shardName } from './layout.ts'
import { type PlanChange, planChanges } from './plan-changes.ts'
import { StreamRequests } from './stream-requests.ts'
import { shardsOf } from './stream-state.ts'
import { meshStreams, type PlannedStream, type TenantSpec, tenantStreams } from './streams.ts'

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
 * `unavailable` when JetStream has no leader, or too few servers, for too long.
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
    async (requests) => tenantStreams(tenant, { ...spec, shards: await shardsToHave(tenant, spec, requests) }),
    options,
  )
}

/**
 * Throws `conflict` where the tenant has another number of shards than it is to have, and where it
 * is a mirror.
 */
async function shardsToHave(tenant: string, { shards }: TenantSpec, requests: StreamRequests): Promise<number> {
  const there = await requests.info(eventStream(tenant))
  const info = there ?? (await requests.info(eventStream(shardName(tenant, 0))))
  if (info?.config.mirror !== undefined) {
    throw new WeirError(
      'conflict',
      `Tenant ${tenant} is a mirror here: it is changed where it was made, and "weir tenant mirror" takes that over.`,
    )
  }
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

/** Makes or updates planned streams, in their order. */
export async function provision(
  nc: NatsConnection,
  planned: (requests: StreamRequests) => Promise<readonly PlannedStream[]>,
  { force = false, deadlineMs = limits.provisionDeadlineMs }: ProvisionOptions,
): Promise<readonly Provisioned[]> {
  const requests = await StreamRequests.open(nc, deadlineMs)
  const steps: Step[] = []
  for (const plan of await planned(requests)) {
    const info = await requests.info(plan.name)
    steps.push({ plan, exists: info !== undefined, changes: info === undefined ? [] : planChanges(plan, info) })
  }
  if (!force) refuseLoss(steps)
  const done: Provisioned[] = []
  for (const { plan, exists, changes } of steps) {
    if (!exists) await requests.add(plan)
    else if (changes.length > 0) await requests.update(plan)
    const action = !exists ? 'created' : changes.length > 0 ? 'updated' : 'unchanged'
    done.push({ stream: plan.name, action, changes })
  }
  return done
}

interface Step {
  readonly plan: PlannedStream
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
