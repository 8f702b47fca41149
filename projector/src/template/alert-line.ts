import { WeirError } from '@weir/proto'
import { ownValue } from '../event/own-value.ts'

/** What a line about an alert is made of. */
export interface AlertFacts {
  readonly status: string
  readonly severity: string
  readonly rule: string
  readonly key: string
  readonly message: string
  readonly subject: string
  readonly since: string
  readonly by: string
  readonly labels: Readonly<Record<string, string>>
}

/** What a notification says of one alert. */
export type AlertLine = (facts: AlertFacts) => string

/**
 * A line with `{status}`, `{severity}`, `{rule}`, `{key}`, `{message}`, `{subject}`, `{since}`,
 * `{by}` and `{label.<name>}`; a label that is absent is empty. Throws `invalid` for any other
 * placeholder.
 */
export function compileAlertLine(text: string): AlertLine {
  const parts = text.split(/(\{[^{}]*\})/).map((part) => {
    if (!/[{}]/.test(part)) return () => part
    const name = /^\{(.*)\}$/.exec(part)?.[1] ?? ''
    const fact = facts.find((known) => known === name)
    if (fact !== undefined) return (of: AlertFacts) => of[fact]
    const label = /^label\.(.+)$/.exec(name)?.[1]
    if (label !== undefined) return (of: AlertFacts) => ownValue(of.labels, label) ?? ''
    throw new WeirError('invalid', `There is no placeholder ${part} here: use {${facts.join('}, {')}}, {label.<name>}.`)
  })
  return (of) => parts.map((part) => part(of)).join('')
}

const facts = ['status', 'severity', 'rule', 'key', 'message', 'subject', 'since', 'by'] as const
