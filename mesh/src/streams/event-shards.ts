import type { NatsConnection } from '@nats-io/nats-core'
import { shardIndex, WeirError } from '@weir/proto'
import { eventStream, shardName } from './layout.ts'
import { streamState } from './stream-state.ts'

/**
 * Over which streams the events of each tenant are spread: one for most, whose name as a shard is
 * that of the tenant. A tenant that was found is asked about once, as its number never changes.
 */
export class EventShards {
  readonly #nc: NatsConnection
  readonly #known: Map<string, readonly string[]> = new Map()

  constructor(nc: NatsConnection) {
    this.#nc = nc
  }

  /** What was found already. */
  known(tenant: string): readonly string[] | undefined {
    return this.#known.get(tenant)
  }

  /** The names of its shards. Throws `not_found` or `unavailable`. */
  async of(tenant: string): Promise<readonly string[]> {
    const known = this.#known.get(tenant)
    if (known !== undefined) return known
    const found = await eventShards(this.#nc, tenant)
    this.#known.set(tenant, found)
    return found
  }
}

/** The shard that has the events of a subject. */
export function shardOf(shards: readonly string[], subject: string): string {
  return shards[shardIndex(subject, shards.length)] as string
}

/** The names of the shards of a tenant's events. Throws `not_found` or `unavailable`. */
export async function eventShards(nc: NatsConnection, tenant: string): Promise<readonly string[]> {
  try {
    await streamState(nc, eventStream(tenant))
    return [tenant]
  } catch (missing) {
    if (!isNotFound(missing)) throw missing
    const { shards } = await streamState(nc, eventStream(shardName(tenant, 0))).catch((thrown) => {
      throw isNotFound(thrown) ? missing : thrown
    })
    return Array.from({ length: shards }, (_, index) => shardName(tenant, index))
  }
}

function isNotFound(thrown: unknown): boolean {
  return thrown instanceof WeirError && thrown.code === 'not_found'
}
