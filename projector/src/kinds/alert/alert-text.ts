import type { AlertSpec } from '../../declaration/alert-spec.ts'
import type { AlertLabels } from '../../event/alert-labels.ts'
import type { EventRecord } from '../../event/event-record.ts'
import { limits } from '../../limits.ts'

/** What a rule says of an event: the message of its alert, and the labels. */
export interface AlertText {
  readonly message: string
  readonly labels: AlertLabels
}

export function alertText({ message, labels }: Pick<AlertSpec, 'message' | 'labels'>, record: EventRecord): AlertText {
  return {
    message: message(record),
    labels: Object.fromEntries(
      labels.map(([name, value]) => [name, value(record).slice(0, limits.alertLabelValueMax)] as const),
    ),
  }
}
