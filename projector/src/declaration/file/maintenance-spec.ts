import type { AlertMatch } from '@weir/proto'
import * as v from 'valibot'
import { alertMatch } from '../alert-match.ts'
import { type Field, projectionName } from '../fields.ts'
import { declareKind, type KindDeclaration } from '../kind-declaration.ts'

/** A time that comes again and again, in which alerts are silenced. */
export interface MaintenanceSpec {
  readonly name: string
  readonly match: AlertMatch
  /** On which days it begins: 0 is Sunday. */
  readonly days: readonly number[]
  /** Minutes since local midnight; an end that is not after the begin is on the next day. */
  readonly fromMinute: number
  readonly toMinute: number
  /** A name of the IANA time zone database. */
  readonly tz: string
  readonly comment: string
}

const dayNames = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] as const

const minuteOfDay: Field<number> = v.pipe(
  v.string('a time of day is text, such as 22:30'),
  v.regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day is written as 22:30'),
  v.transform((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3))),
)

const timeZone: Field<string> = v.optional(
  v.pipe(
    v.string('a time zone is text, such as Europe/Berlin'),
    v.check(isTimeZone, 'the name of a time zone is expected, such as Europe/Berlin or UTC'),
  ),
  'UTC',
)

export const maintenanceDeclaration: KindDeclaration<MaintenanceSpec> = declareKind(
  {
    name: projectionName,
    match: alertMatch,
    days: v.optional(
      v.pipe(
        v.array(v.picklist(dayNames, `a day is one of ${dayNames.join(', ')}`), 'a list of days is expected'),
        v.minLength(1, 'at least one day is needed'),
      ),
      [...dayNames],
    ),
    from: minuteOfDay,
    to: minuteOfDay,
    tz: timeZone,
    comment: v.optional(
      v.pipe(v.string('a comment is text'), v.maxLength(256, 'a comment has at most 256 characters')),
      '',
    ),
  },
  ({ name, match, days, from, to, tz, comment }) => {
    const numbers = days.map((day) => dayNames.indexOf(day))
    return { name, match, days: numbers, fromMinute: from, toMinute: to, tz, comment }
  },
  undefined,
  false,
)

function isTimeZone(name: string): boolean {
  try {
    // An offset such as +02:00 has no summer time, and is no zone.
    return /^[A-Za-z]/.test(name) && new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined
  } catch {
    return false
  }
}
