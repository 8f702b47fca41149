import { WeirError } from '@weir/proto'
import type { Access } from './access.ts'
import { request } from './request.ts'

/**
 * Reads from the projector. What does not exist is said to be missing only by a projector: a
 * stranger who answers 404 at that address is `unavailable`.
 */
export async function ofProjector<T>(access: Access, reading: Promise<T>): Promise<T> {
  try {
    return await reading
  } catch (thrown) {
    // Every projector has this path, and no token is needed for it.
    if (thrown instanceof WeirError && thrown.code === 'not_found') await request(access, 'projector', '/v1/config')
    throw thrown
  }
}
