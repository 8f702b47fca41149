import { setTimeout as sleep } from 'node:timers/promises'
import {
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  type StreamInfo,
} from '@nats-io/jetstream'
import { errors, type NatsConnection } from '@nats-io/nats-core'
import { checkTenant, WeirError } from '@weir/proto'
import { limits } from '../limits.ts'
import { type PlanChange, planChanges } from './plan-changes.ts'
import { meshStream, type StreamPlan, type TenantSpec, tenantStreams } from './streams.ts'

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
 * Makes or updates the streams and buckets of a tenant; nothing happens where they are right. Throws `conflict`, before any
 * change, when a change would lose stored data and is not forced; `unavailable` when JetStream has no leader for too long.
 */
export function provisionTenant(
  nc: NatsConnection,
  tenant: string,
  spec: TenantSpec,
  options: ProvisionOptions = {},
): Promise<readonly Provisioned[]> {
  checkTenant(tenant)
  return provision(nc, tenantStreams(tenant, spec), options)
}

/** Makes or updates the bucket in which hubs say that they are there. */
export function provisionMesh(
  nc: NatsConnection,
  replicas: number,
  options: ProvisionOptions = {},
): Promise<readonly Provisioned[]> {
  return provision(nc, [meshStream(replicas)], options)
}

async function provision(
  nc: NatsConnection,
  plans: readonly StreamPlan[],
  { force = false, deadlineMs = limits.provisionDeadlineMs }: ProvisionOptions,
): Promise<readonly Provisioned[]> {
  const manager = await jetstreamManager(nc, { checkAPI: false })
  const deadline = Date.now() + deadlineMs
  const found = []
  for (const plan of plans) {
    found.push({ plan, info: await settled(() => streamInfo(manager, plan.name), deadline) })
  }
  const steps = found.map(({ plan, info }) => ({
    plan,
    info,
    changes: info === undefined ? [] : planChanges(plan, info),
  }))
  if (!force) refuseLoss(steps)
  const done: Provisioned[] = []
  for (const { plan, info, changes } of steps) {
    const action = info === undefined ? 'created' : changes.length > 0 ? 'updated' : 'unchanged'
    if (action === 'created') await settled(() => manager.streams.add(plan), deadline)
    if (action === 'updated') await settled(() => manager.streams.update(plan.name, plan), deadline)
    done.push({ stream: plan.name, action, changes })
  }
  return done
}

function refuseLoss(steps: readonly { readonly plan: StreamPlan; readonly changes: readonly PlanChange[] }[]): void {
  const losses = steps.flatMap(({ plan, changes }) =>
    changes.flatMap((change) => (change.loss === undefined ? [] : [`${plan.name}: ${change.loss}`])),
  )
  if (losses.length > 0) {
    throw new WeirError('conflict', `This would lose data: ${losses.join('; ')} Force it to do so all the same.`)
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

/** Runs an idempotent request again while JetStream has no leader, until the deadline. */
async function settled<T>(request: () => Promise<T>, deadline: number): Promise<T> {
  for (let waitMs = 100; ; waitMs = Math.min(waitMs * 2, 2_000)) {
    try {
      return await request()
    } catch (cause) {
      if (!isPassing(cause)) throw cause
      if (Date.now() + waitMs > deadline) {
        throw new WeirError('unavailable', 'JetStream did not answer: is it enabled, and has the cluster a leader?', {
          cause,
        })
      }
      await sleep(waitMs)
    }
  }
}

/** "JetStream not enabled" also means that nobody answered: an election. 10008 is "temporarily unavailable". */
function isPassing(cause: unknown): boolean {
  if (cause instanceof JetStreamApiError) return cause.status === 503 || cause.code === 10008
  if (!(cause instanceof Error)) return false
  return (
    cause instanceof errors.TimeoutError ||
    cause instanceof errors.NoRespondersError ||
    cause instanceof errors.RequestError ||
    cause.name === 'JetStreamNotEnabled'
  )
}
