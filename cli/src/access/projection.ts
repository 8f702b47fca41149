import type { Access } from './access.ts'
import { request } from './request.ts'

/** What the projector says of one projection. */
export interface Projection {
  readonly name: string
  readonly kind: string
  readonly from: readonly string[]
  readonly bucket?: string
  readonly partition: string
  readonly pending: number
  readonly blocked?: string
  readonly deadLetters: number
  readonly rebuilding?: { readonly from: number; readonly to: number; readonly at: number }
}

/** Those of the token's tenant; it needs `admin`. */
export async function projectionsOf(access: Access): Promise<readonly Projection[]> {
  const response = await request(access, 'projector', '/v1/projections')
  return ((await response.json()) as { items: readonly Projection[] }).items
}
