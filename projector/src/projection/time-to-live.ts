/**
 * The seconds that a value may still live when its event was stored a while ago: 0 stands for the bucket's whole TTL, which is
 * right for what just came; less than 0 means that it would be gone already.
 */
export function remainingSeconds(storedAtMs: number, ttlMs: number, nowMs: number): number {
  const ageMs = nowMs - storedAtMs
  if (ageMs < freshMs) return 0
  if (ageMs >= ttlMs) return -1
  return Math.max(1, Math.round((ttlMs - ageMs) / 1000))
}

/** Below this an event counts as having just come: the server counts a value's own TTL in whole seconds. */
const freshMs = 1_500
