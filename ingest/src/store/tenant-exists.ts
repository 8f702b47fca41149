import type { EventShards } from '@weir/mesh/edge'
import { WeirError } from '@weir/proto'
import type { TenantExists } from '../admission/tenants.ts'

/** A tenant is there when the streams of its events are. */
export function tenantExistsIn(shards: EventShards): TenantExists {
  return async (tenant) => {
    try {
      await shards.of(tenant)
      return true
    } catch (thrown) {
      return thrown instanceof WeirError && thrown.code === 'not_found' ? false : undefined
    }
  }
}
