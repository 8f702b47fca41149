import { filterContains } from '@weir/proto'

/** Who sent a request and what the token grants. Filters have `{sub}` filled in already. */
export interface Identity {
  readonly tenant: string
  /** The `sub` of the token. */
  readonly subject: string
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
  readonly admin: boolean
  /** Seconds since the Unix epoch. */
  readonly expiresAt: number
}

/** Whether the identity may publish to a valid subject. */
export function mayPublish(identity: Identity, subject: string): boolean {
  return granted(identity.publish, subject)
}

/** Whether the identity may subscribe to every one of these valid filters: each lies within one granted filter. */
export function maySubscribe(identity: Identity, filters: readonly string[]): boolean {
  for (const filter of filters) if (!granted(identity.subscribe, filter)) return false
  return true
}

function granted(grants: readonly string[], filter: string): boolean {
  for (const grant of grants) if (filterContains(grant, filter)) return true
  return false
}
