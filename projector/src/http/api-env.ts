import type { Identity } from '@weir/mesh'

/** What a handler of the API finds in its context. */
export interface ApiEnv {
  Variables: { identity: Identity; body: string }
}
