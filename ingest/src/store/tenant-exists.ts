import { eventStream, type NatsConnection, streamState } from '@weir/mesh/edge'
import { WeirError } from '@weir/proto'
import type { TenantExists } from '../admission/tenants.ts'

/** A tenant is there when the stream of its events is. */
export function tenantExistsIn(nc: NatsConnection): TenantExists {
  return async (tenant) => {
    try {
      await streamState(nc, eventStream(tenant))
      return true
    } catch (thrown) {
      return thrown instanceof WeirError && thrown.code === 'not_found' ? false : undefined
    }
  }
}
