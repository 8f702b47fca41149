import { limits } from '../limits.ts'

/** How far the clock of the mesh is ahead of this machine's, in milliseconds. */
let aheadMs = 0

/**
 * Takes the time of an answer of the mesh. A difference that the way there and the whole seconds
 * of the header may explain counts as none. Gives the difference that counts.
 */
export function learnServerTime(date: string | null, askedMs: number, answeredMs: number): number {
  const said = Date.parse(date ?? '')
  if (Number.isNaN(said)) return aheadMs
  const ahead = said + 500 - (askedMs + answeredMs) / 2
  aheadMs = Math.abs(ahead) < limits.clockOffMs ? 0 : ahead
  return aheadMs
}

/** Milliseconds since the Unix epoch as the mesh has them, by which events have their times. */
export function serverNowMs(): number {
  return Date.now() + aheadMs
}
