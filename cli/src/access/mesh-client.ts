import { connect, type Weir } from '@weir/client'
import type { Access } from './access.ts'

/**
 * The client of an access. A token that `weir up` gives is made anew whenever one is needed, so a
 * command may run for days.
 */
export function meshClient(access: Access): Weir {
  return connect({
    url: access.address('hub'),
    readUrl: access.address('projector'),
    getToken: () => access.token(),
    client: 'weir-cli/0.1.0',
  })
}
