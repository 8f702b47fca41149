import type { MaintenanceSpec } from '../declaration/file/maintenance-spec.ts'

/** One time of a maintenance that comes again and again. */
export interface Occurrence {
  readonly fromMs: number
  readonly untilMs: number
}

/** The one that goes on at a time, or else the next. */
export function occurrenceAt(spec: MaintenanceSpec, nowMs: number): Occurrence {
  const { days, fromMinute, toMinute, tz } = spec
  const today = localParts(nowMs, tz)
  const lastsDays = toMinute > fromMinute ? 0 : 1
  // From yesterday, as one may last past midnight, for a week and a day.
  for (let offset = -1; offset <= 8; offset++) {
    const date = new Date(Date.UTC(today.year, today.month - 1, today.day + offset))
    if (!days.includes(date.getUTCDay())) continue
    const fromMs = utcOf(date, fromMinute, tz)
    const untilMs = utcOf(new Date(date.getTime() + lastsDays * DAY), toMinute, tz)
    // In the hour that summer time leaves out a short one may have no length.
    if (untilMs > nowMs && untilMs > fromMs) return { fromMs, untilMs }
  }
  return { fromMs: Number.POSITIVE_INFINITY, untilMs: Number.POSITIVE_INFINITY }
}

const DAY = 86_400_000

/**
 * When a zone's clocks show a time of a day. A time that summer time leaves out is the one behind
 * the gap; of one that comes twice it is the first.
 */
function utcOf(date: Date, minute: number, tz: string): number {
  const wanted = date.getTime() + minute * 60_000
  const before = wanted - offsetAt(wanted - DAY, tz)
  const after = wanted - offsetAt(wanted + DAY, tz)
  for (const candidate of [Math.min(before, after), Math.max(before, after)]) {
    if (candidate + offsetAt(candidate, tz) === wanted) return candidate
  }
  return before
}

/** How far a zone's clocks are ahead of UTC. */
function offsetAt(ms: number, tz: string): number {
  const { year, month, day, hour, minute } = localParts(ms, tz)
  return Date.UTC(year, month - 1, day, hour, minute) - Math.floor(ms / 60_000) * 60_000
}

interface LocalParts {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
}

function localParts(ms: number, tz: string): LocalParts {
  let format = formats.get(tz)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: tz,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    })
    formats.set(tz, format)
  }
  const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]))
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0 } = parts
  return { year, month, day, hour, minute }
}

/** One for each zone of a file of declarations. */
const formats = new Map<string, Intl.DateTimeFormat>()
