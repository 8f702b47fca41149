import { WeirError } from '@weir/proto'
import type { Party } from './party.ts'

/**
 * Takes a new token for the same tenant and subject, and ends what it no longer grants; gives the
 * ids of those subscriptions. Throws what makes the token refused.
 */
export async function renewToken(party: Party, token: string): Promise<readonly number[]> {
  const { identity: old } = party
  const identity = await party.hub.identify(token)
  if (identity.tenant !== old?.tenant || identity.subject !== old.subject) {
    throw new WeirError('forbidden', 'A renewed token must be for the same tenant and subject.')
  }
  party.renew(identity)
  return party.subscriptions.restrict(identity)
}
