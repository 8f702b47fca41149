import { WeirError } from '@weir/proto'
import type { Access } from './access.ts'
import { request } from './request.ts'

/**
 * Reads from the projector. Throws `not_found` only where a projector answered so: a 404 of any
 * other server at that address becomes `unavailable`.
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
