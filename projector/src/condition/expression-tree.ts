import type { Expr } from '@bufbuild/cel-spec/cel/expr/syntax_pb.js'

/** Takes a fault of an expression: the part of it that is at fault. */
export type ReportExpressionFault = (at: Expr, message: string) => void

/** An expression and all that it is made of. */
export function* expressionsIn(expression: Expr | undefined): Generator<Expr> {
  if (expression === undefined) return
  yield expression
  for (const part of partsOf(expression)) yield* expressionsIn(part)
}

/** What an expression is made of, one level down. */
export function partsOf({ exprKind }: Expr): readonly (Expr | undefined)[] {
  switch (exprKind.case) {
    case 'selectExpr':
      return [exprKind.value.operand]
    case 'callExpr':
      return [exprKind.value.target, ...exprKind.value.args]
    case 'listExpr':
      return exprKind.value.elements
    case 'structExpr':
      return exprKind.value.entries.flatMap(({ keyKind, value }) => {
        return keyKind.case === 'mapKey' ? [keyKind.value, value] : [value]
      })
    case 'comprehensionExpr': {
      const { iterRange, accuInit, loopCondition, loopStep, result } = exprKind.value
      return [iterRange, accuInit, loopCondition, loopStep, result]
    }
    default:
      return []
  }
}
