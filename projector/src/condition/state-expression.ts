import { WeirError } from '@weir/proto'
import type { EventRecord } from '../event/event-record.ts'
import { valueAt } from '../event/value-at.ts'
import { compileExpression, type ExpressionFault, type ExpressionUse } from './expression.ts'

/** An expression over one event that names the state in which the event leaves its entity. */
export interface StateExpression {
  readonly text: string
  /**
   * Empty when there is no entity any more: the expression gives null or an empty text. Undefined
   * when the event says nothing of a state. Throws `invalid` when the expression fails, costs too
   * much, or gives a list or a map.
   */
  stateOf(record: EventRecord): string | undefined
}

/** The expression, or every fault of its text. */
export function compileStateExpression(text: string): StateExpression | readonly ExpressionFault[] {
  const compiled = compileExpression(text, use)
  if (!('evaluate' in compiled)) return compiled
  const path = /^data((?:\.[A-Za-z_]\w*)+)$/.exec(text)?.[1]?.slice(1).split('.')
  return {
    text,
    stateOf(record) {
      // Most states are texts in JSON data, which cost a tenth of an evaluation.
      const member = path === undefined ? undefined : valueAt(record.json, path)
      const value = typeof member === 'string' ? member : compiled.evaluate(record)
      if (value === undefined || typeof value === 'string') return value
      if (value === null) return ''
      if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value)
      throw new WeirError('invalid', 'The state is neither a text nor a number nor a boolean.')
    },
  }
}

const use: ExpressionUse = {
  noun: 'state',
  fits: ({ kind, ...type }) => {
    if (kind === 'dyn' || kind === 'choice') return true
    return kind === 'scalar' && 'name' in type && /^(string|bool|u?int|double|null_type)$/.test(type.name)
  },
  needed: 'a text, a number or a boolean',
  looksBack: false,
}
