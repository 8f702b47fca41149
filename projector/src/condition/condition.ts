import { WeirError } from '@weir/proto'
import type { EventRecord } from '../event/event-record.ts'
import { compileExpression, type EarlierOf, type ExpressionFault, type ExpressionUse } from './expression.ts'
import { bool, mayBe } from './expression-type.ts'
import type { EarlierValue } from './look-back.ts'

/** An expression over one event that is true or false. */
export interface Condition {
  readonly text: string
  /** What it compares with of some time ago. */
  readonly earlier: readonly EarlierValue[]
  /**
   * Undefined when the event has not what the condition asks for. Throws `invalid` when it fails,
   * gives something else than a boolean, or costs more than is allowed.
   *
   * @param earlierOf the value of `earlier` with this index, as of this event
   */
  holds(record: EventRecord, earlierOf?: EarlierOf): boolean | undefined
}

/** The condition, or every fault of its text. */
export function compileCondition(text: string): Condition | readonly ExpressionFault[] {
  const compiled = compileExpression(text, use)
  if (!('evaluate' in compiled)) return compiled
  return {
    text,
    earlier: compiled.earlier,
    holds(record, earlierOf) {
      const result = compiled.evaluate(record, earlierOf)
      if (typeof result === 'boolean' || result === undefined) return result
      throw new WeirError('invalid', 'The condition gives something else than true or false.')
    },
  }
}

const use: ExpressionUse = {
  noun: 'condition',
  fits: (type) => mayBe(type, bool),
  needed: 'true or false',
  looksBack: true,
}
