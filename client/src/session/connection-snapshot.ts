import type { WeirError } from '@weir/proto'
import type { ConnectionState } from './connection-state.ts'
import type { ConnectionStatus } from './connection-status.ts'

/** What a badge shows: a new object exactly when some of it has changed. */
export interface ConnectionSnapshot {
  readonly state: ConnectionState
  /** As in ConnectionStatus. */
  readonly tokenError: WeirError | undefined
}

/** Gives what a connection is now, as one value, for frameworks that compare values. */
export function snapshotsOf(connection: Pick<ConnectionStatus, 'state' | 'tokenError'>): () => ConnectionSnapshot {
  let known: ConnectionSnapshot | undefined
  return () => {
    const { state, tokenError } = connection
    if (known?.state !== state || known.tokenError !== tokenError) known = { state, tokenError }
    return known
  }
}
