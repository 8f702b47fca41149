import { type NatsConnection, type StreamState, sequenceAt } from '@weir/mesh'
import type { Position } from './position.ts'
import type { Projection } from './projection.ts'

/**
 * Where a projection begins to read: after its position; earlier for what it must see again; later
 * for what is too old.
 */
export async function startSequence(
  nc: NatsConnection,
  stream: string,
  { lastSeq }: StreamState,
  position: Position,
  { warmUpMs, reachMs, fromNow }: Pick<Projection, 'warmUpMs' | 'reachMs' | 'fromNow'>,
): Promise<number> {
  const since = (timeMs: number): Promise<number | undefined> => sequenceAt(nc, stream, timeMs)
  const next = position.seq + 1
  const again = position.seq > 0 && warmUpMs > 0 ? await since(position.storedAtMs - warmUpMs) : undefined
  const start = Math.min(next, again ?? next)
  const reach = position.storedAtMs === 0 && fromNow === true ? warmUpMs : reachMs
  if (reach === undefined) return start
  return Math.max(start, (await since(Date.now() - reach)) ?? lastSeq + 1)
}
