import { WeirError } from '../error.ts'
import { parseTimestamp } from '../event/timestamp.ts'
import type { Event } from '../gen/weir/v1/event_pb.js'
import { limits } from '../limits.ts'
import { parseDuration } from '../time/duration.ts'
import { type AlertMatch, compileAlertMatch, type MatchedAlert, readAlertMatch } from './alert-match.ts'
import { isMap } from './json-fields.ts'

/** The bucket that holds the last event of each silence. */
export const silencesBucket = 'silences'

/**
 * A silence: which alerts make no sound and send no notifications, and from when until when. It is
 * the last event under `silences.<name>`, whose JSON data docs/projections.md describes.
 */
export interface Silence {
  readonly name: string
  readonly match: AlertMatch
  /** Milliseconds since the Unix epoch: from `fromMs` on, and no longer at `untilMs`. */
  readonly fromMs: number
  readonly untilMs: number
  /** Who silenced; of one that was ended early, who ended it. */
  readonly by: string
  readonly comment: string
  /** Whether somebody ended it early. */
  readonly ended: boolean
  readonly matches: (alert: MatchedAlert) => boolean
}

export function silenceSubject(name: string): string {
  return `${prefix}${name}`
}

/**
 * The silence that an event under `silences.<name>` declares. Throws `invalid`, saying which field
 * is wrong.
 *
 * @param storedAtMs what counts as its time when it has none
 */
export function silenceOf(subject: string, event: Event, storedAtMs: number): Silence {
  const { data, time } = event
  if (data.case !== 'json') throw fault('its data', 'is JSON')
  const startMs = time === undefined ? storedAtMs : Number(time.seconds) * 1000 + Math.floor(time.nanos / 1_000_000)
  let value: unknown
  try {
    value = JSON.parse(data.value)
  } catch {
    throw fault('its data', 'is JSON')
  }
  return readSilence(subject.slice(prefix.length), value, startMs)
}

/**
 * The same from the data of such an event.
 *
 * @param startMs the event's time: what `for` and `from` count from when `from` is absent
 */
export function readSilence(name: string, value: unknown, startMs: number): Silence {
  if (!isMap(value)) throw fault('its data', 'is a map')
  for (const field of Object.keys(value)) {
    if (!fields.includes(field)) throw fault(`\`${field}\``, `is no field of one; there are ${fields.join(', ')}`)
  }
  const { ended = false } = value
  if (typeof ended !== 'boolean') throw fault('`ended`', 'is true or false')
  const by = textOf(value, 'by', limits.silenceByMax)
  const comment = textOf(value, 'comment', limits.silenceCommentMax)
  if (ended && value.match === undefined) {
    return { name, match: {}, fromMs: startMs, untilMs: startMs, by, comment, ended, matches: () => false }
  }
  const match = readAlertMatch(value.match)
  const fromMs = timeOf(value, 'from') ?? startMs
  const endMs = endOf(value, fromMs)
  if (endMs <= fromMs) throw fault('its end', 'comes after its begin')
  if (endMs - startMs > limits.silenceMs) {
    throw fault('its end', 'is at most 30 days after the event; send it anew before, if it has to last longer')
  }
  const untilMs = ended ? Math.min(endMs, startMs) : endMs
  return { name, match, fromMs, untilMs, by, comment, ended, matches: compileAlertMatch(match) }
}

/** How a silence stands at a time. */
export type SilenceState = 'pending' | 'active' | 'expired'

export function silenceState({ fromMs, untilMs }: Silence, nowMs: number): SilenceState {
  if (nowMs >= untilMs) return 'expired'
  return nowMs < fromMs ? 'pending' : 'active'
}

/** Of the silences that quiet an alert at a time, the one that ends last. */
export function silencing(silences: Iterable<Silence>, alert: MatchedAlert, nowMs: number): Silence | undefined {
  let last: Silence | undefined
  for (const silence of silences) {
    if (silenceState(silence, nowMs) !== 'active' || !silence.matches(alert)) continue
    if (last === undefined || silence.untilMs > last.untilMs) last = silence
  }
  return last
}

const prefix = 'silences.'
const fields: readonly string[] = ['match', 'from', 'until', 'for', 'by', 'comment', 'ended']

function endOf(value: Readonly<Record<string, unknown>>, fromMs: number): number {
  const untilMs = timeOf(value, 'until')
  const { for: lasts } = value
  if ((untilMs === undefined) === (lasts === undefined))
    throw fault('it', 'has either `until`, a time, or `for`, a duration')
  if (untilMs !== undefined) return untilMs
  const ms = typeof lasts === 'string' ? parseDuration(lasts) : undefined
  if (ms === undefined) throw fault('`for`', 'is a duration such as 30m, 2h or 7d')
  return fromMs + ms
}

function timeOf(value: Readonly<Record<string, unknown>>, field: string): number | undefined {
  const text = value[field]
  if (text === undefined) return undefined
  const time = typeof text === 'string' ? parseTimestamp(text) : undefined
  if (time === undefined) throw fault(`\`${field}\``, 'is a time such as 2026-01-31T12:00:00Z')
  return Number(time.seconds) * 1000 + Math.floor(time.nanos / 1_000_000)
}

function textOf(value: Readonly<Record<string, unknown>>, field: string, most: number): string {
  const text = value[field] ?? ''
  if (typeof text !== 'string' || text.length > most)
    throw fault(`\`${field}\``, `is text of at most ${most} characters`)
  return text
}

function fault(what: string, is: string): WeirError {
  return new WeirError('invalid', `A silence is not as it should be: ${what} ${is}.`)
}
