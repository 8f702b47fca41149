import type { StreamInfo } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/nats-core'
import { checkTenant, WeirError } from '@weir/proto'
import { bucketStream, eventStream, shardName } from './layout.ts'
import { type Provisioned, type ProvisionOptions, provision } from './provision.ts'
import type { StreamRequests } from './stream-requests.ts'
import { EPOCH, epochOfStream, SHARDS, shardsOf } from './stream-state.ts'
import type { PlannedStream } from './streams.ts'

export interface MirrorSpec {
  /** The JetStream domain that has the tenant, at the other end of a leaf node. */
  readonly from: string
  /** Copies of each mirror in the cluster of NATS here. */
  readonly replicas: number
}

/**
 * Makes mirrors here of the streams and buckets of a tenant of another JetStream domain, as a
 * region has them: hubs read them like streams of their own. A mirror keeps the sequences of its
 * origin and says its epoch, so a cursor means the same at both.
 *
 * Throws `not_found` when there is no such tenant there, `unavailable` when the domain does not
 * answer, and `conflict` when a stream here mirrors something else, or an origin that is no more;
 * `force` makes those anew.
 */
export function mirrorTenant(
  nc: NatsConnection,
  tenant: string,
  spec: MirrorSpec,
  options: ProvisionOptions = {},
): Promise<readonly Provisioned[]> {
  checkTenant(tenant)
  return provision(
    nc,
    async (requests) => {
      const origins = await originsOf(tenant, await requests.inDomain(spec.from), spec.from)
      const plans = origins.map((origin) => mirrorPlan(origin, spec))
      await removeOthers(plans, requests, spec.from, options.force === true)
      return plans
    },
    options,
  )
}

/** The buckets, then the streams of events, the first last: services look for that one. */
async function originsOf(tenant: string, requests: StreamRequests, domain: string): Promise<readonly StreamInfo[]> {
  const buckets = (await requests.names()).filter((name) => name.startsWith(bucketStream(tenant, '')))
  const one = await requests.info(eventStream(tenant))
  const first = one ?? (await requests.info(eventStream(shardName(tenant, 0))))
  if (first === undefined) throw new WeirError('not_found', `The JetStream domain ${domain} has no tenant ${tenant}.`)
  const shards = one === undefined ? shardsOf(first.config.metadata) : 1
  const others = Array.from({ length: shards - 1 }, (_, at) => eventStream(shardName(tenant, shards - 1 - at)))
  const infos = await Promise.all([...buckets, ...others].map((name) => requests.info(name)))
  return [...infos.filter((info) => info !== undefined), first]
}

function mirrorPlan({ config, created }: StreamInfo, { from, replicas }: MirrorSpec): PlannedStream {
  const epoch = String(epochOfStream(created, config.metadata))
  const shards = config.metadata?.[SHARDS]
  return {
    name: config.name,
    storage: config.storage,
    retention: config.retention,
    discard: config.discard,
    max_bytes: config.max_bytes,
    max_age: config.max_age,
    max_msg_size: config.max_msg_size,
    max_msgs_per_subject: config.max_msgs_per_subject,
    num_replicas: replicas,
    allow_direct: true,
    deny_delete: config.deny_delete,
    // Markers of keys that expired have a TTL themselves.
    allow_msg_ttl: config.allow_msg_ttl ?? false,
    ...(config.republish === undefined ? {} : { republish: config.republish }),
    mirror: { name: config.name, external: { api: `$JS.${from}.API`, deliver: '' } },
    metadata: { [EPOCH]: epoch, ...(shards === undefined ? {} : { [SHARDS]: shards }) },
  }
}

/** Removes mirrors of something else when that is forced, and else throws `conflict`. */
async function removeOthers(
  plans: readonly PlannedStream[],
  requests: StreamRequests,
  from: string,
  isForced: boolean,
): Promise<void> {
  const others: string[] = []
  for (const { name, mirror, metadata } of plans) {
    const here = (await requests.info(name))?.config
    if (here === undefined) continue
    if (here.mirror === undefined) {
      throw new WeirError(
        'conflict',
        `${name} is here already and is no mirror: a tenant is made in one place, and mirrored in others.`,
      )
    }
    const isSame = here.mirror.external?.api === mirror?.external?.api && here.metadata?.[EPOCH] === metadata?.[EPOCH]
    if (!isSame) others.push(name)
  }
  if (others.length > 0 && !isForced) {
    throw new WeirError(
      'conflict',
      `Not a mirror of what ${from} has now: ${others.join(', ')}. Force it to make them anew; subscribers begin anew too.`,
    )
  }
  for (const name of others) await requests.remove(name)
}
