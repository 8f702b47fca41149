import { type CelInput, celEnv, celFunc, isCelError, objectType, parse, plan } from '@bufbuild/cel'
import { strings } from '@bufbuild/cel/ext'
import type { ParsedExpr } from '@bufbuild/cel-spec/cel/expr/syntax_pb.js'
import { TimestampSchema } from '@bufbuild/protobuf/wkt'
import { WeirError } from '@weir/proto'
import type { EventRecord } from '../event/event-record.ts'
import { limits } from '../limits.ts'
import { conditionVariables, timeValue } from './condition-variables.ts'
import { EvaluationCost } from './evaluation-cost.ts'
import { expressionsIn } from './expression-tree.ts'
import { bool, type ExpressionType, mayBe, typeText } from './expression-type.ts'
import { checkTypes, type Names } from './type-check.ts'

/**
 * A condition over one event in CEL, the Common Expression Language with its extension of strings.
 * It may use `subject`, `tokens` (of the subject), `eventType`, `source`, `time`, `labels`,
 * `metrics` (of a reading), `change` (a state change), `step`, and `data` (of `json`); `now()` is
 * the time at which the event was stored.
 */
export interface Condition {
  readonly text: string
  /**
   * Undefined when the event has not what the condition asks for, as when it compares a metric that
   * the reading lacks. Throws `invalid` when it fails, gives something else than a boolean, or
   * costs more than is allowed.
   */
  holds(record: EventRecord): boolean | undefined
}

/** A fault of the text of a condition, and where in it, in UTF-16 units. */
export interface ConditionFault {
  readonly offset: number
  readonly message: string
}

/** The condition, or every fault of its text. */
export function compileCondition(text: string): Condition | readonly ConditionFault[] {
  if (text.length > limits.conditionBytesMax) {
    return [{ offset: 0, message: `the condition is longer than ${limits.conditionBytesMax} characters` }]
  }
  const parsed = parsedOr(text)
  if ('offset' in parsed) return [parsed]
  const { expr, sourceInfo } = parsed
  if (expr === undefined) return [{ offset: 0, message: 'the condition is empty' }]
  const faults: ConditionFault[] = []
  const type = checkTypes(expr, variableTypes, (at, message) => {
    const said = sourceInfo?.positions[String(at.id)] ?? 0
    // Of some operators the parser names the space before.
    const offset = said + (/^\s*/.exec(text.slice(said))?.[0].length ?? 0)
    if (!faults.some((fault) => fault.offset === offset)) faults.push({ offset, message })
  })
  if (faults.length === 0 && !mayBe(type, bool)) {
    faults.push({ offset: 0, message: `the condition gives ${typeText(type)}, and true or false is needed` })
  }
  return faults.length > 0 ? faults : conditionOf(text, expr)
}

const variableTypes: Names = Object.fromEntries(
  Object.entries(conditionVariables).map(([name, { type }]): [string, ExpressionType] => [name, type]),
)

function conditionOf(text: string, expression: NonNullable<ParsedExpr['expr']>): Condition {
  const named = new Set<string>()
  for (const { exprKind } of expressionsIn(expression)) {
    if (exprKind.case === 'identExpr') named.add(exprKind.value.name)
  }
  const used = Object.entries(conditionVariables).filter(([name]) => named.has(name))
  const nothing = Object.fromEntries(Object.entries(conditionVariables).map(([name, { nothing }]) => [name, nothing]))
  const variables = Object.fromEntries(Object.entries(conditionVariables).map(([name, { celType }]) => [name, celType]))
  const cost = new EvaluationCost()
  let storedAtMs = 0
  const now = celFunc('now', [], objectType(TimestampSchema), () => timeValue(storedAtMs) as never)
  const known = celEnv({ funcs: strings }).funcs
  const env = celEnv({ variables, funcs: [...strings, now, ...cost.functions(known)] })
  const evaluate = plan(env, cost.counted(expression))
  return {
    text,
    holds(record) {
      // Only what a condition names is made of an event.
      const values: Record<string, CelInput> = { ...nothing }
      for (const [name, variable] of used) values[name] = variable.of(record)
      storedAtMs = record.storedAtMs
      cost.reset()
      const result = evaluate(values as never)
      if (cost.exceeded) throw new WeirError('invalid', 'The condition costs too much for this event: loop over less.')
      if (typeof result === 'boolean') return result
      if (!isCelError(result)) throw new WeirError('invalid', 'The condition gives something else than true or false.')
      if (/field not found|no such key|out of bounds/.test(result.message)) return undefined
      throw new WeirError('invalid', `The condition failed: ${result.message}.`, { cause: result })
    },
  }
}

/** The place that the parser names is a line and a column, from 1. */
function parsedOr(text: string): ParsedExpr | ConditionFault {
  try {
    return parse(text)
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause)
    const [, line = '1', column = '1', message = said] = /^<input>:(\d+):(\d+): ([\s\S]*)$/.exec(said) ?? []
    const lines = text.split('\n').slice(0, Number(line) - 1)
    const offset = lines.reduce((sum, each) => sum + each.length + 1, 0) + Number(column) - 1
    return { offset: Math.min(offset, text.length), message: `this is no CEL expression: ${message}` }
  }
}
