import type { ConnectionState } from '@weir/client'

/** What the indicator says of a connection, and how loud. */
export interface ConnectionWords {
  readonly text: 'En vivo' | 'Sincronizando' | 'Sin conexión'
  readonly tone: 'good' | 'warn' | 'bad'
}

/**
 * A page that still fetches what changed is synchronising too. One whose next attempt is more than
 * a moment away has no connection, whatever it had before.
 */
export function connectionWords(state: ConnectionState, isFetching: boolean, waitMs: number): ConnectionWords {
  const isWaiting = state === 'recovering' && waitMs > MOMENT_MS
  if (state === 'offline' || state === 'closed' || isWaiting) return { text: 'Sin conexión', tone: 'bad' }
  if (state === 'connecting' || state === 'recovering' || isFetching) return { text: 'Sincronizando', tone: 'warn' }
  return { text: 'En vivo', tone: 'good' }
}

/** What people take for at once (Nielsen). */
const MOMENT_MS = 1_000
