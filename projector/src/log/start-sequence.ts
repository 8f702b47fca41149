import { type NatsConnection, type StreamState, sequenceAt } from '@weir/mesh'
import type { Position } from './position.ts'

/** Which events a projection needs. */
export interface ReadWants {
  /**
   * How much older than the position the events are that it needs to see again after a restart,
   * because what it makes of later ones depends on them. In milliseconds of stored time.
   */
  readonly warmUpMs: number
  /**
   * Events that were stored longer ago than this change nothing, so they are not read at all;
   * undefined reads everything.
   */
  readonly reachMs: number | undefined
  /**
   * Whether a projection without a position begins with what comes from now on, not with what is
   * stored, as by default.
   */
  readonly fromNow?: boolean
}

/**
 * Where a projection begins to read: after its position; earlier for what it must see again; later
 * for what is too old.
 */
export async function startSequence(
  nc: NatsConnection,
  stream: string,
  { lastSeq }: StreamState,
  position: Position,
  { warmUpMs, reachMs, fromNow }: ReadWants,
): Promise<number> {
  const since = (timeMs: number): Promise<number | undefined> => sequenceAt(nc, stream, timeMs)
  const next = position.seq + 1
  const again = position.seq > 0 && warmUpMs > 0 ? await since(position.storedAtMs - warmUpMs) : undefined
  const start = Math.min(next, again ?? next)
  const reach = position.storedAtMs === 0 && fromNow === true ? warmUpMs : reachMs
  if (reach === undefined) return start
  return Math.max(start, (await since(Date.now() - reach)) ?? lastSeq + 1)
}
