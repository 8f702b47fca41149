import { inTenths } from './numbers.ts'
import { words } from './words.ts'

/**
 * How long ago, as people say it: "now", "12 s", "5 min", "3 h", "2 d". A clock that runs ahead
 * counts as now.
 */
export function age(ms: number): string {
  return ms < 1000 ? words.time.now : span(ms)
}

/** A time that passes, in its largest unit: "0 s", "12 s", "5 min". */
export function span(ms: number): string {
  const { s, min, h, d } = words.time
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 60) return `${seconds} ${s}`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} ${min}`
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} ${h}`
  return `${Math.floor(seconds / 86_400)} ${d}`
}

/** In its two largest units, for what is watched: "2 min 04 s", "3 h 12 min". */
export function longSpan(ms: number): string {
  const { s, min, h, d } = words.time
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const two = (value: number): string => String(value).padStart(2, '0')
  if (seconds < 60) return `${seconds} ${s}`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} ${min} ${two(seconds % 60)} ${s}`
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} ${h} ${two(Math.floor(seconds / 60) % 60)} ${min}`
  return `${Math.floor(seconds / 86_400)} ${d} ${Math.floor(seconds / 3_600) % 24} ${h}`
}

/** A length that was chosen, in the largest unit that it is whole in: "1 h", "90 min". */
export function wholeSpan(ms: number): string {
  const { s, min, h, d } = words.time
  const [size, unit] = (
    [
      [86_400_000, d],
      [3_600_000, h],
      [60_000, min],
    ] as const
  ).find(([each]) => ms > 0 && ms % each === 0) ?? [1000, s]
  return `${Math.round(ms / size)} ${unit}`
}

/** How long something took: below ten seconds "0.4 s", above it as `longSpan`. */
export function duration(ms: number): string {
  return ms < 10_000 ? `${inTenths(Math.max(0, ms) / 1000)} ${words.time.s}` : longSpan(ms)
}
