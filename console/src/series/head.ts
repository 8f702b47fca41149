import type { Weir } from '@weir/client'
import { parseCursor } from '@weir/proto'

/** Questions that are on their way, by connection and source. */
const asked = new WeakMap<Weir, Map<string, Promise<number>>>()

/**
 * The sequence that a source has reached. The many subscriptions of a board ask at the same time:
 * one request answers them all.
 */
export function headOf(weir: Weir, source: string): Promise<number> {
  const bySource = asked.get(weir) ?? new Map<string, Promise<number>>()
  asked.set(weir, bySource)
  const known = bySource.get(source)
  if (known !== undefined) return known
  const answer = ask(weir, source).finally(() => bySource.delete(source))
  bySource.set(source, answer)
  return answer
}

async function ask(weir: Weir, source: string): Promise<number> {
  const { cursor } = source === 'events' ? await weir.history({ limit: 1 }) : await weir.state(source, { limit: 1 })
  return parseCursor(cursor).seq
}
