import {
  type AlertMatch,
  formatTimestamp,
  type MatchedAlert,
  type Silence,
  type SilenceState,
  silenceState,
  silenceSubject,
  timestampFromMilliseconds,
} from '@weir/proto'
import type { SilenceBook } from './silence-book.ts'

/** One silence, as the API shows it. */
export interface SilenceItem {
  readonly name: string
  /** Of its events: `silences.<name>`. */
  readonly subject: string
  readonly state: SilenceState
  readonly match: AlertMatch
  /** RFC 3339. */
  readonly from: string
  readonly until: string
  readonly by: string
  readonly comment: string
}

/** What an alert says of the silence that quiets it. */
export type SilencedBy = Pick<SilenceItem, 'name' | 'until' | 'by' | 'comment'>

export function silenceItem(silence: Silence, nowMs: number): SilenceItem {
  const { name, match, by, comment, fromMs, untilMs } = silence
  const state = silenceState(silence, nowMs)
  return { name, subject: silenceSubject(name), state, match, from: text(fromMs), until: text(untilMs), by, comment }
}

/** Undefined for an alert that no silence quiets now. */
export function silencedBy(silences: SilenceBook, alert: MatchedAlert): SilencedBy | undefined {
  const silence = silences.silencing(alert)
  if (silence === undefined) return undefined
  const { name, untilMs, by, comment } = silence
  return { name, until: text(untilMs), by, comment }
}

function text(ms: number): string {
  const time = timestampFromMilliseconds(ms)
  return (time === undefined ? undefined : formatTimestamp(time)) ?? new Date(ms).toISOString()
}
