import {
  defaultTenantSpec,
  type Leadership,
  mirrorTenant,
  type NatsConnection,
  type Provisioned,
  provisionMesh,
  provisionTenant,
  spreadLeaders,
  type TenantSpec,
} from '@weir/mesh'
import { checkTenant } from '@weir/proto'
import { type NatsOptions, withNats } from '../access/nats.ts'
import { specWithBuckets } from '../tenant/declared-buckets.ts'
import { tenantNames } from '../tenant/tenants.ts'
import { exitCodes } from '../text/exit-code.ts'
import { positive } from '../text/positive.ts'
import { print } from '../text/print.ts'
import { UsageError } from '../text/usage-error.ts'

export interface CreateOptions extends NatsOptions {
  readonly maxGib: string
  readonly maxHours: string
  readonly replicas: string
  readonly shards?: string
  /** Behind leaf nodes, comma-separated. */
  readonly sites?: string
  /** A file of projections. */
  readonly projections?: string
  readonly force?: boolean
}

/**
 * Makes the streams and buckets of a tenant, or changes them. Throws `conflict` for changes that
 * lose data, without `force`.
 */
export async function createTenant(name: string, options: CreateOptions): Promise<number> {
  checkTenant(name)
  const spec = await specWithBuckets(specOf(options), options.projections ?? process.env.WEIR_PROJECTIONS)
  await withNats(options, (nc) => create(nc, name, spec, options.force === true))
  return exitCodes.done
}

export interface MirrorOptions extends NatsOptions {
  /** A JetStream domain. */
  readonly from: string
  readonly replicas: string
  readonly force?: boolean
}

/** Makes mirrors of a tenant of another domain, and the buckets of the mesh here. */
export async function mirror(name: string, options: MirrorOptions): Promise<number> {
  const { from, force = false } = options
  if (!domainPattern.test(from)) {
    throw new UsageError(`--from "${from}": the name of a domain has a-z, A-Z, 0-9, "_" and "-".`)
  }
  const replicas = positive(options.replicas, '--replicas')
  await withNats(options, async (nc) => {
    await tell(await provisionMesh(nc, replicas))
    await tell(await mirrorTenant(nc, name, { from, replicas }, { force }))
  })
  return exitCodes.done
}

const domainPattern = /^[A-Za-z0-9_-]+$/

/** Moves leaders of the streams of events to where fewer are. */
export async function spread(options: NatsOptions): Promise<number> {
  await withNats(options, async (nc) => tellLeaders(await spreadLeaders(nc)))
  return exitCodes.done
}

export async function listTenants(options: NatsOptions): Promise<number> {
  await withNats(options, async (nc) => {
    for (const name of await tenantNames(nc)) await print(name)
  })
  return exitCodes.done
}

async function create(nc: NatsConnection, name: string, spec: TenantSpec, force: boolean): Promise<void> {
  const ofMesh = await provisionMesh(nc, spec.replicas, { force })
  await tell([...ofMesh, ...(await provisionTenant(nc, name, spec, { force }))])
  await tellLeaders((await spreadLeaders(nc, name)).filter(({ isMoved }) => isMoved))
  await print(`The projector serves tenant ${name} once WEIR_TENANTS names it; "weir up" sees to that when it starts.`)
}

async function tell(done: readonly Provisioned[]): Promise<void> {
  for (const { stream, action, changes } of done) {
    const fields = changes.length === 0 ? '' : ` (${changes.map(({ field }) => field).join(', ')})`
    await print(`${stream} ${action}${fields}`)
  }
}

async function tellLeaders(leaders: readonly Leadership[]): Promise<void> {
  for (const { stream, server, isMoved } of leaders) await print(`${stream} led by ${server}${isMoved ? ' now' : ''}`)
}

function specOf({ maxGib, maxHours, replicas, shards, sites }: CreateOptions): TenantSpec {
  return {
    ...defaultTenantSpec,
    eventsMaxBytes: Math.round(positive(maxGib, '--max-gib') * 1024 ** 3),
    eventsMaxAgeMs: Math.round(positive(maxHours, '--max-hours') * 3_600_000),
    replicas: positive(replicas, '--replicas'),
    ...(shards === undefined ? {} : { shards: positive(shards, '--shards') }),
    ...(sites === undefined ? {} : { sites: siteNames(sites) }),
  }
}

function siteNames(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim())
  const wrong = names.find((name) => !/^[a-z0-9-]+$/.test(name))
  if (wrong === undefined) return names
  throw new UsageError(`--sites "${text}": the name of a site has a-z, 0-9 and "-", and "${wrong}" is none.`)
}
