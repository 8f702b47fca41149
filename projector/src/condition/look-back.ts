import { type Expr, ExprSchema } from '@bufbuild/cel-spec/cel/expr/syntax_pb.js'
import { create } from '@bufbuild/protobuf'
import { parseDuration } from '@weir/proto'
import { limits } from '../limits.ts'
import { partsOf, type ReportExpressionFault } from './expression-tree.ts'

/** A value of some time ago that an expression compares with: `ago("1m").metrics.viewers`. */
export interface EarlierValue {
  readonly agoMs: number
  /** Of a reading, or of JSON data. */
  readonly of: 'metrics' | 'data'
  /** One name of a metric, or members and indexes of JSON data. */
  readonly path: readonly string[]
}

/** The functions that take the place of `ago`, by what they give. Each takes the value's index. */
export const lookBack = { metric: 'weir.metricAgo', data: 'weir.dataAgo', known: 'weir.knownAgo' } as const

/**
 * Finds every `ago("1m").metrics.<name>` and `ago("1m").data.<path>` in an expression, and puts a
 * call of a function of `lookBack` in its place. Reports durations that are none, and an `ago` that
 * names no metric and no field: what has to be remembered of past events is known when the
 * expression is read.
 */
export function takeEarlierValues(expression: Expr, report: ReportExpressionFault): readonly EarlierValue[] {
  const found: EarlierValue[] = []
  replaceIn(expression, found, report)
  return found
}

function replaceIn(at: Expr | undefined, found: EarlierValue[], report: ReportExpressionFault): void {
  if (at === undefined) return
  const chain = chainOf(at)
  if (chain === undefined) {
    for (const part of partsOf(at)) replaceIn(part, found, report)
    return
  }
  const agoMs = durationOf(chain.root, report)
  const [of, ...path] = chain.names
  if ((of !== 'metrics' && of !== 'data') || path.length === 0 || (of === 'metrics' && path.length > 1)) {
    report(chain.root, 'ago names a metric or a field of data, as in ago("1m").metrics.viewers or ago("1m").data.count')
    return
  }
  if (agoMs === undefined) return
  const name = chain.isTest ? lookBack.known : of === 'metrics' ? lookBack.metric : lookBack.data
  const index = create(ExprSchema, {
    exprKind: { case: 'constExpr', value: { constantKind: { case: 'int64Value', value: BigInt(found.length) } } },
  })
  found.push({ agoMs, of, path })
  at.exprKind = create(ExprSchema, {
    exprKind: { case: 'callExpr', value: { function: name, args: [index] } },
  }).exprKind
}

interface Chain {
  /** The call of `ago`. */
  readonly root: Expr
  readonly names: readonly string[]
  /** The chain stands in `has(...)`. */
  readonly isTest: boolean
}

/** The members and indexes that lead from a call of `ago` to here; undefined where none does. */
function chainOf(at: Expr): Chain | undefined {
  const { exprKind } = at
  if (exprKind.case === 'selectExpr') {
    const { operand, field, testOnly } = exprKind.value
    return longer(operand, field, testOnly)
  }
  if (exprKind.case !== 'callExpr') return undefined
  const { function: name, args } = exprKind.value
  if (name === 'ago') return { root: at, names: [], isTest: false }
  return name === '_[_]' ? longer(args[0], constantText(args[1]), false) : undefined
}

function longer(operand: Expr | undefined, name: string | undefined, isTest: boolean): Chain | undefined {
  const chain = operand === undefined || name === undefined ? undefined : chainOf(operand)
  return chain && name !== undefined ? { root: chain.root, names: [...chain.names, name], isTest } : undefined
}

function constantText(index: Expr | undefined): string | undefined {
  const constant = index?.exprKind.case === 'constExpr' ? index.exprKind.value.constantKind : undefined
  return constant?.case === 'stringValue' || constant?.case === 'int64Value' ? String(constant.value) : undefined
}

function durationOf(call: Expr, report: ReportExpressionFault): number | undefined {
  const { target, args } = call.exprKind.case === 'callExpr' ? call.exprKind.value : { target: undefined, args: [] }
  const [arg] = args
  const constant = arg?.exprKind.case === 'constExpr' ? arg.exprKind.value.constantKind : undefined
  if (target !== undefined || args.length !== 1 || constant?.case !== 'stringValue') {
    report(call, 'ago takes one duration that is written out, as in ago("1m")')
    return undefined
  }
  const ms = parseDuration(constant.value)
  if (ms !== undefined && ms >= limits.agoMinMs && ms <= limits.agoMaxMs) return ms
  const wrong = ms === undefined ? 'is no duration: write a number and ms, s, m, h or d' : 'must be from 100ms to 1d'
  report(arg ?? call, `"${constant.value}" ${wrong}`)
  return undefined
}
