import { WeirError } from '@weir/proto'
import type { EventRecord } from '../event/event-record.ts'
import { compileExpression, type ExpressionFault, type ExpressionUse } from './expression.ts'
import { bool, mayBe } from './expression-type.ts'

/** An expression over one event that is true or false. */
export interface Condition {
  readonly text: string
  /**
   * Undefined when the event has not what the condition asks for. Throws `invalid` when it fails,
   * gives something else than a boolean, or costs more than is allowed.
   */
  holds(record: EventRecord): boolean | undefined
}

/** The condition, or every fault of its text. */
export function compileCondition(text: string): Condition | readonly ExpressionFault[] {
  const compiled = compileExpression(text, use)
  if (!('evaluate' in compiled)) return compiled
  return {
    text,
    holds(record) {
      const result = compiled.evaluate(record)
      if (typeof result === 'boolean' || result === undefined) return result
      throw new WeirError('invalid', 'The condition gives something else than true or false.')
    },
  }
}

const use: ExpressionUse = { noun: 'condition', fits: (type) => mayBe(type, bool), needed: 'true or false' }
