/** How long to wait before attempt n, counted from 0: full jitter, so that clients which lost the same hub do not return together. */
export function backoffMs(attempt: number, baseMs: number, maxMs: number, random: () => number): number {
  return random() * Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 30))
}
