import { limits } from '../limits.ts'

/**
 * The seconds that a value may still live when its event has this age: 0 stands for the bucket's
 * whole TTL, which is right for what came within a hundredth of it (measured: a TTL of its own
 * costs the server 3 us a value); less than 0 means that it would be gone already.
 */
export function remainingSeconds(ageMs: number, ttlMs: number): number {
  if (ageMs < Math.max(limits.freshMs, ttlMs / 100)) return 0
  if (ageMs >= ttlMs) return -1
  return Math.max(1, Math.round((ttlMs - ageMs) / 1000))
}
