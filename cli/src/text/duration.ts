import { parseDuration } from '@weir/proto'
import { UsageError } from './usage-error.ts'

/** `90s`, `15m`, `1h`, `30d` or `250ms` in milliseconds. Throws UsageError, naming the option. */
export function durationMs(text: string, option: string): number {
  const ms = parseDuration(text)
  if (ms !== undefined) return ms
  throw new UsageError(`${option} "${text}" is not a time: give a number and ms, s, m, h or d, like 15m.`)
}

/** A time as RFC 3339, or how long ago: `15m`. */
export function timeOf(text: string, option: string, nowMs: number): Date {
  if (/^[\d.]+[a-z]+$/.test(text)) return new Date(nowMs - durationMs(text, option))
  const date = new Date(text)
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(date.getTime())) return date
  throw new UsageError(`${option} "${text}" is not a time: write 2026-01-31T12:00:00Z, or how long ago, like 15m.`)
}

/** A number above 0, like `20` or `0.5`. */
export function rateOf(text: string, option: string): number {
  const rate = /^\d{1,9}(\.\d{1,3})?$/.test(text) ? Number(text) : 0
  if (rate === 0) throw new UsageError(`${option} "${text}" is not a number above 0, like 20 or 0.5.`)
  return rate
}

/** A whole number above 0. */
export function countOf(text: string, option: string): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (count === 0) throw new UsageError(`${option} "${text}" is not a whole number above 0.`)
  return count
}
