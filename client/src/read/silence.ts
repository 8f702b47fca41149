import type { AlertSeverity } from './alert.ts'
import { timeText } from './time-text.ts'

/** A silence or a maintenance time: which alerts make no sound and send no notifications. */
export interface Silence {
  readonly name: string
  /** Of its events: `silences.<name>`. */
  readonly subject: string
  /** `pending` until `fromMs`, `expired` from `untilMs` on. */
  readonly state: 'pending' | 'active' | 'expired'
  readonly match: SilenceMatch
  /** Milliseconds since the Unix epoch. */
  readonly fromMs: number
  readonly untilMs: number
  /** The `sub` of the token that silenced. */
  readonly by: string
  readonly comment: string
}

/** Each field that is present has to hold; of a list, one value. At least one is present. */
export interface SilenceMatch {
  readonly rule?: string | readonly string[]
  /** Of the alerts' subjects: `alerts.too-hot.*`. */
  readonly filter?: string | readonly string[]
  readonly severity?: AlertSeverity | readonly AlertSeverity[]
  readonly labels?: Readonly<Record<string, string | readonly string[]>>
}

/** A silence as one is asked for: by how long it lasts, or by when it ends. */
export type SilenceInit = {
  /** To silence by a name again changes that silence. */
  readonly name: string
  readonly match: SilenceMatch
  /** RFC 3339, a Date, or milliseconds since the Unix epoch; now, without. */
  readonly from?: Time
  readonly comment?: string
} & (
  | { /** From `from` on, such as `30m`, `2h` or `7d`; at most 30 days. */ readonly for: string }
  | { readonly until: Time }
)

type Time = string | number | Date

export interface SilenceQuery {
  /** Which silences, by their subjects: `silences.oven.>`; without, all that the token grants. */
  readonly filter?: string | readonly string[]
}

/** A silence as the read API writes it. */
export interface SilenceJson extends Omit<Silence, 'fromMs' | 'untilMs'> {
  /** RFC 3339. */
  readonly from: string
  readonly until: string
}

export function silenceOf({ name, subject, state, match, from, until, by, comment }: SilenceJson): Silence {
  return { name, subject, state, match, fromMs: Date.parse(from), untilMs: Date.parse(until), by, comment }
}

/** What the read API is asked, beside the name. */
export function silenceBody({ name: _, from, ...rest }: SilenceInit): string {
  const until = 'until' in rest ? { until: timeText(rest.until) } : {}
  return JSON.stringify({ ...rest, from: timeText(from), ...until })
}
