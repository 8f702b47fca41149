import type { mintToken } from '@weir/mesh'
import { defaultTenant } from '@weir/proto'

/** What the owner of a `weir up` may do in it. */
export function everythingGranted(ttlSeconds: number): Parameters<typeof mintToken>[1] {
  return { tenant: defaultTenant, subject: 'owner', publish: ['>'], subscribe: ['>'], admin: true, ttlSeconds }
}
