import {
  type CelInput,
  CelScalar,
  type CelValue,
  celEnv,
  celFunc,
  isCelError,
  objectType,
  parse,
  plan,
} from '@bufbuild/cel'
import { strings } from '@bufbuild/cel/ext'
import type { Expr, ParsedExpr } from '@bufbuild/cel-spec/cel/expr/syntax_pb.js'
import { TimestampSchema } from '@bufbuild/protobuf/wkt'
import { WeirError } from '@weir/proto'
import type { EventRecord } from '../event/event-record.ts'
import { limits } from '../limits.ts'
import { conditionVariables, timeValue } from './condition-variables.ts'
import { EvaluationCost } from './evaluation-cost.ts'
import { expressionsIn } from './expression-tree.ts'
import { type ExpressionType, typeText } from './expression-type.ts'
import { type EarlierValue, lookBack, takeEarlierValues } from './look-back.ts'
import { checkTypes, type Names } from './type-check.ts'

/**
 * An expression over one event in CEL, the Common Expression Language with its extension of
 * strings. It may use `subject`, `tokens` (of the subject), `eventType`, `source`, `time`,
 * `labels`, `metrics` (of a reading), `change` (a state change), `step`, `alert`, and `data` (of
 * `json`); `now()` is the time at which the event was stored, and `ago("1m").metrics.<name>` and
 * `ago("1m").data.<path>` are values of some time ago.
 */
export interface Expression {
  readonly text: string
  /** What it asks of some time ago. */
  readonly earlier: readonly EarlierValue[]
  /**
   * Undefined when the event has not what the expression asks for, as when it compares a metric
   * that the reading lacks. Throws `invalid` when it fails, or costs more than is allowed.
   *
   * @param earlierOf the value of `earlier` with this index, as of this event
   */
  evaluate(record: EventRecord, earlierOf?: EarlierOf): CelValue | undefined
}

/** Undefined when there was no value so long ago. */
export type EarlierOf = (index: number) => number | string | boolean | undefined

/** A fault of the text of an expression, and where in it, in UTF-16 units. */
export interface ExpressionFault {
  readonly offset: number
  readonly message: string
}

/** What an expression is for. */
export interface ExpressionUse {
  /** What people call it, such as "condition". */
  readonly noun: string
  /** Whether it may give a value of this type. */
  fits(type: ExpressionType): boolean
  /** What it has to give, such as "true or false". */
  readonly needed: string
  /** Whether it may ask for values of some time ago. */
  readonly looksBack: boolean
}

/** The expression, or every fault of its text. */
export function compileExpression(
  text: string,
  { noun, fits, needed, looksBack }: ExpressionUse,
): Expression | readonly ExpressionFault[] {
  if (text.length > limits.conditionBytesMax) {
    return [{ offset: 0, message: `the ${noun} is longer than ${limits.conditionBytesMax} characters` }]
  }
  const parsed = parsedOr(text)
  if ('offset' in parsed) return [parsed]
  const { expr, sourceInfo } = parsed
  if (expr === undefined) return [{ offset: 0, message: `the ${noun} is empty` }]
  const faults: ExpressionFault[] = []
  const report = (at: Expr, message: string): void => {
    const said = sourceInfo?.positions[String(at.id)] ?? 0
    // Of some operators the parser names the space before.
    const offset = said + (/^\s*/.exec(text.slice(said))?.[0].length ?? 0)
    if (!faults.some((fault) => fault.offset === offset)) faults.push({ offset, message })
  }
  const earlier = takeEarlierValues(expr, report)
  if (earlier.length > 0 && !looksBack) faults.push({ offset: 0, message: 'ago is for conditions of alerts' })
  const type = checkTypes(expr, variableTypes, report)
  if (faults.length === 0 && !fits(type)) {
    faults.push({ offset: 0, message: `the ${noun} gives ${typeText(type)}, and ${needed} is needed` })
  }
  return faults.length > 0 ? faults : expressionOf(text, expr, earlier, noun)
}

const variableTypes: Names = Object.fromEntries(
  Object.entries(conditionVariables).map(([name, { type }]): [string, ExpressionType] => [name, type]),
)

function expressionOf(text: string, expression: Expr, earlier: readonly EarlierValue[], noun: string): Expression {
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
  let earlierOf: EarlierOf | undefined
  const past = (index: bigint): number | string | boolean => {
    const value = earlierOf?.(Number(index))
    if (value === undefined) throw new Error('no such key: there was no value so long ago')
    return value
  }
  const lookingBack = [
    celFunc(lookBack.metric, [CelScalar.INT], CelScalar.DOUBLE, (index) => past(index) as number),
    celFunc(lookBack.data, [CelScalar.INT], CelScalar.DYN, past),
    celFunc(lookBack.known, [CelScalar.INT], CelScalar.BOOL, (index) => earlierOf?.(Number(index)) !== undefined),
  ]
  const known = celEnv({ funcs: strings }).funcs
  const env = celEnv({ variables, funcs: [...strings, now, ...lookingBack, ...cost.functions(known)] })
  const planned = plan(env, cost.counted(expression))
  return {
    text,
    earlier,
    evaluate(record, earlierValueOf) {
      // Only what an expression names is made of an event.
      const values: Record<string, CelInput> = { ...nothing }
      for (const [name, variable] of used) values[name] = variable.of(record)
      storedAtMs = record.storedAtMs
      earlierOf = earlierValueOf
      cost.reset()
      const result = planned(values as never)
      if (cost.exceeded) throw new WeirError('invalid', `The ${noun} costs too much for this event: loop over less.`)
      if (!isCelError(result)) return result
      if (/field not found|no such key|out of bounds/.test(result.message)) return undefined
      throw new WeirError('invalid', `The ${noun} failed: ${result.message}.`, { cause: result })
    },
  }
}

/** The place that the parser names is a line and a column, from 1. */
function parsedOr(text: string): ParsedExpr | ExpressionFault {
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
