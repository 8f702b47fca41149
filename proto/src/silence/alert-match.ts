import { WeirError } from '../error.ts'
import { limits } from '../limits.ts'
import { compileFilters, isFilter } from '../names/filter.ts'
import { isMap, textsOf } from './json-fields.ts'

/** What a matcher sees of an alert. */
export interface MatchedAlert {
  /** `alerts.<rule>.<key>`. */
  readonly subject: string
  readonly rule: string
  /** As JSON writes it: `HIGH`. */
  readonly severity: string
  readonly labels: Readonly<Record<string, string>>
}

/**
 * Which alerts are meant: those for which every field that is present has one of its values. JSON
 * may write a list of one value as the value alone.
 */
export interface AlertMatch {
  readonly rule?: readonly string[]
  /** Filters of the alerts' subjects: `alerts.too-hot.*`. */
  readonly filter?: readonly string[]
  readonly severity?: readonly string[]
  readonly labels?: Readonly<Record<string, readonly string[]>>
}

/**
 * A matcher as JSON or YAML writes it. Throws `invalid` for anything that is none, and for one
 * without a field: it would mean every alert.
 */
export function readAlertMatch(value: unknown): AlertMatch {
  if (!isMap(value)) throw fault('', 'is a map of `rule`, `filter`, `severity` and `labels`')
  for (const name of Object.keys(value)) {
    if (!fields.includes(name)) throw fault(`.${name}`, `is no field here; there are ${fields.join(', ')}`)
  }
  const { rule, filter, severity, labels } = value
  const match: AlertMatch = {
    ...(rule === undefined ? {} : { rule: listOf('rule', rule) }),
    ...(filter === undefined ? {} : { filter: listOf('filter', filter) }),
    ...(severity === undefined ? {} : { severity: listOf('severity', severity) }),
    ...(labels === undefined ? {} : { labels: labelsOf(labels) }),
  }
  for (const one of match.filter ?? []) {
    if (!isFilter(one)) throw fault('.filter', `"${one}" is no filter of subjects, such as alerts.too-hot.*`)
  }
  for (const one of match.severity ?? []) {
    if (!severities.includes(one)) throw fault('.severity', `"${one}" is none of ${severities.join(', ')}`)
  }
  const isEmpty = Object.keys(match).length === 0 || (Object.keys(match).length === 1 && isEmptyMap(match.labels))
  if (isEmpty) throw fault('', 'has no field; every alert is `filter: alerts.>`')
  return match
}

/** A function that tells whether an alert is meant; what can be decided once is decided here. */
export function compileAlertMatch({ rule, filter, severity, labels }: AlertMatch): (alert: MatchedAlert) => boolean {
  const bySubject = filter === undefined ? undefined : compileFilters(filter)
  const wanted = Object.entries(labels ?? {})
  return (alert) => {
    if (rule !== undefined && !rule.includes(alert.rule)) return false
    if (severity !== undefined && !severity.includes(alert.severity)) return false
    if (bySubject !== undefined && !bySubject(alert.subject)) return false
    return wanted.every(
      ([name, values]) => Object.hasOwn(alert.labels, name) && values.includes(alert.labels[name] ?? ''),
    )
  }
}

const fields: readonly string[] = ['rule', 'filter', 'severity', 'labels']
const severities: readonly string[] = ['NORMAL', 'HIGH', 'URGENT']

function listOf(name: string, value: unknown): readonly string[] {
  const list = textsOf(value, limits.matchValuesMax)
  if (list === undefined) throw fault(`.${name}`, `is text, or a list of 1 to ${limits.matchValuesMax} texts`)
  return list
}

function labelsOf(value: unknown): Readonly<Record<string, readonly string[]>> {
  if (!isMap(value)) throw fault('.labels', 'is a map of labels and their values')
  const entries = Object.entries(value)
  if (entries.length > limits.matchValuesMax) throw fault('.labels', `has more than ${limits.matchValuesMax} labels`)
  return Object.fromEntries(entries.map(([name, values]) => [name, listOf(`labels.${name}`, values)]))
}

function isEmptyMap(value: object | undefined): boolean {
  return value !== undefined && Object.keys(value).length === 0
}

function fault(path: string, what: string): WeirError {
  return new WeirError('invalid', `match${path} ${what}.`)
}
