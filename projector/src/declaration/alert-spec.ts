import { canonicalFilters } from '@weir/proto'
import * as v from 'valibot'
import type { Condition } from '../condition/condition.ts'
import { reservedAlertLabels } from '../event/alert-labels.ts'
import { limits } from '../limits.ts'
import { compileMessageTemplate, type KeyTemplate, type MessageTemplate } from '../template/template.ts'
import type { CommonSpec } from './common-spec.ts'
import { commonFields, compiled, condition, duration, type Field, key, wait, windowKeyFault } from './fields.ts'
import { declareKind, type KindDeclaration } from './kind-declaration.ts'

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
  /** Whether an event that happened before what is known of its key is passed over. */
  readonly order: 'stored' | 'time'
  /**
   * What becomes of a key that has no data any more, and after how long; undefined lets it stay as
   * it is.
   */
  readonly noData: { readonly becomes: 'quiet' | 'firing'; readonly afterMs: number } | undefined
  /** How often an open alert says what it has to say anew. */
  readonly everyMs: number
  readonly message: MessageTemplate
  /** What silences and inhibitions know its alerts by. */
  readonly labels: readonly (readonly [name: string, value: MessageTemplate])[]
}

export type AlertSeverity = 'NORMAL' | 'HIGH' | 'URGENT'

/** Taken by the mesh itself. */
const reservedRule = 'unevaluable'

const message: Field<MessageTemplate> = v.optional(
  compiled('a message is text', compileMessageTemplate) as v.GenericSchema<string, MessageTemplate>,
  '',
)

const labelName = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/, 'a label is named by A-Z a-z 0-9 _ . -, at most 64'),
  v.check((name) => !reservedAlertLabels.includes(name), `the labels ${reservedAlertLabels.join(', ')} are taken`),
)

const labels = v.optional(
  v.pipe(
    v.record(labelName, compiled('the value of a label is text', compileMessageTemplate), 'labels are a map of texts'),
    v.check(
      (all) => Object.keys(all).length <= limits.alertLabelsMax,
      `at most ${limits.alertLabelsMax} labels are allowed`,
    ),
  ),
  {},
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
    labels,
    order: v.optional(v.picklist(['stored', 'time'], 'an order is stored or time')),
    noData: v.optional(v.picklist(['keep', 'resolve', 'fire'], 'noData is keep, resolve or fire'), 'keep'),
    noDataAfter: v.optional(duration(1_000, limits.absentMaxMs, 'from 1s to 1d')),
    every: duration(100, limits.windowMaxMs, 'from 100ms to 1h', '10s'),
  },
  (declared) => {
    const { name, from, source, key, when, absent, severity, message, noData, noDataAfter } = declared
    const order = declared.order ?? (source === 'events' ? 'time' : 'stored')
    return {
      kind: 'alert',
      name,
      from: canonicalFilters(from),
      source,
      key,
      when,
      absentMs: absent,
      forMs: declared.for,
      keepFiringForMs: declared.keepFiringFor,
      severity,
      message,
      labels: Object.entries(declared.labels),
      order,
      noData:
        noData === 'keep' || noDataAfter === undefined
          ? undefined
          : { becomes: noData === 'fire' ? 'firing' : 'quiet', afterMs: noDataAfter },
      everyMs: declared.every,
    }
  },
  ({ name, source = 'events', key, when, order, noData }, isDeclared, fault) => {
    if (isDeclared('when') === isDeclared('absent')) {
      fault('when', 'an alert needs either `when`, a condition, or `absent`, a duration')
    }
    if (isDeclared('absent') && source !== 'events') fault('source', 'absence is watched in events alone')
    if (when !== undefined && when.earlier.length > 0 && source !== 'events') {
      fault(
        'when',
        'a bucket does not tell what was before, so `ago` looks at events alone: leave `source` out and name the events in `from`',
      )
    }
    if (order === 'time' && source !== 'events') fault('order', 'a bucket has an order already: that of its projection')
    if (name === reservedRule) fault('name', `"${reservedRule}" is the rule of rules that cannot be evaluated`)
    if (key?.windowed) fault('key', windowKeyFault)
    if (noData === undefined) return
    if (noData !== 'keep' && isDeclared('absent')) fault('noData', 'absence is `absent` already')
    if ((noData === 'keep') === isDeclared('noDataAfter')) {
      fault('noDataAfter', '`noData: resolve` and `noData: fire` need a time, `noDataAfter`, and nothing else does')
    }
  },
)
