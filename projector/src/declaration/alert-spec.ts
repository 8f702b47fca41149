import { canonicalFilters } from '@weir/proto'
import * as v from 'valibot'
import type { Condition } from '../condition/condition.ts'
import { limits } from '../limits.ts'
import type { CommonSpec } from './common-spec.ts'
import { commonFields, compiled, condition, duration, type Field, key, wait, windowKeyFault } from './fields.ts'
import { declareKind, type KindDeclaration } from './kind-declaration.ts'
import { compileMessageTemplate, type KeyTemplate, type MessageTemplate } from './template.ts'

/** A rule that fires for a key. Its name is the rule's. */
export interface AlertSpec extends CommonSpec {
  readonly kind: 'alert'
  /** `events`, or a bucket whose values the condition sees. */
  readonly source: string
  readonly key: KeyTemplate
  /** A CEL condition; or absence. */
  readonly when: Condition | undefined
  /** Fires when the key has had no event for so long. */
  readonly absentMs: number | undefined
  /** How long the condition must hold before the rule fires. */
  readonly forMs: number
  /** How long it must not hold any more before the alert is resolved. */
  readonly keepFiringForMs: number
  readonly severity: AlertSeverity
  readonly message: MessageTemplate
}

export type AlertSeverity = 'NORMAL' | 'HIGH' | 'URGENT'

const message: Field<MessageTemplate> = v.optional(
  compiled('a message is text', compileMessageTemplate) as v.GenericSchema<string, MessageTemplate>,
  '',
)

export const alertDeclaration: KindDeclaration<AlertSpec> = declareKind(
  {
    ...commonFields,
    source: v.optional(v.string('a source is "events" or the name of a bucket'), 'events'),
    key: key('{subject}'),
    when: v.optional(condition as v.GenericSchema<string, Condition>),
    absent: v.optional(duration(1_000, limits.absentMaxMs, 'from 1s to 1d')),
    for: wait,
    keepFiringFor: wait,
    severity: v.optional(v.picklist(['NORMAL', 'HIGH', 'URGENT'], 'a severity is NORMAL, HIGH or URGENT'), 'NORMAL'),
    message,
  },
  ({ name, from, source, key, when, absent, for: forMs, keepFiringFor, severity, message }, fault) => {
    if ((when === undefined) === (absent === undefined)) {
      fault('when', 'an alert needs either `when`, a condition, or `absent`, a duration')
    }
    if (absent !== undefined && source !== 'events') fault('source', 'absence is watched in events alone')
    if (key.windowed) fault('key', windowKeyFault)
    const times = { absentMs: absent, forMs, keepFiringForMs: keepFiringFor }
    return { kind: 'alert', name, from: canonicalFilters(from), source, key, when, ...times, severity, message }
  },
)
