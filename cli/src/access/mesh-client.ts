import { connect, type Weir } from '@weir/client'
import type { Access } from './access.ts'

/**
 * The client of an access. A token of the `weir up` of this folder is made anew whenever one is
 * needed, so a command may run for days; one that was given ends what runs when it expires.
 */
export function meshClient(access: Access): Weir {
  const { givenToken } = access
  return connect({
    url: access.address('hub'),
    readUrl: access.address('projector'),
    ...(givenToken === undefined ? { getToken: () => access.token() } : { token: givenToken }),
    client: 'weir-cli/0.1.0',
  })
}
