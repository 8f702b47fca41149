import {
  type CelFunc,
  type CelInput,
  CelScalar,
  type CelValue,
  celFunc,
  celMethod,
  isCelError,
  isCelList,
  isCelMap,
} from '@bufbuild/cel'
import { type Expr, ExprSchema } from '@bufbuild/cel-spec/cel/expr/syntax_pb.js'
import { clone, create } from '@bufbuild/protobuf'
import { limits } from '../limits.ts'
import { expressionsIn } from './expression-tree.ts'

/**
 * What one evaluation may cost. CEL always ends, but loops within loops over what an event brings
 * may end in hours, and one function may walk a list of thousands. So every round of a loop and
 * every function pays for what it is about to do, by the size of what it is given, and past the
 * bound each fails at once.
 */
export class EvaluationCost {
  #left = 0

  reset(): void {
    this.#left = limits.conditionCostMax
  }

  get exceeded(): boolean {
    return this.#left < 0
  }

  /** False when it is too much. */
  pay(cost: number): boolean {
    this.#left -= cost
    return this.#left >= 0
  }

  /** The expression with a payment before each round of each loop. */
  counted(expression: Expr): Expr {
    const copy = clone(ExprSchema, expression)
    for (const { exprKind } of expressionsIn(copy)) {
      if (exprKind.case !== 'comprehensionExpr') continue
      const { loopCondition } = exprKind.value
      const round = call(roundFunction, [])
      exprKind.value.loopCondition = loopCondition === undefined ? round : call('_&&_', [round, loopCondition])
    }
    return copy
  }

  /**
   * The functions with a payment before each call that walks what it is given, and the one that
   * pays for a round.
   */
  functions(known: Iterable<CelFunc>): CelFunc[] {
    const round = celFunc(roundFunction, [], CelScalar.BOOL, () => this.pay(limits.conditionRoundCost))
    return [round, ...[...known].filter(walks).map((func) => this.#paid(func))]
  }

  #paid(func: CelFunc): CelFunc {
    const run = (target: CelValue | undefined, args: readonly CelValue[]): CelInput => {
      if (!this.pay(costOf(func.name, target, args))) throw new Error('the evaluation costs too much')
      const result = func.call(0, target, [...args])
      if (result === undefined) throw new Error(`found no matching overload for ${func.name}`)
      if (isCelError(result)) throw new Error(result.message)
      return result
    }
    if (func.target === undefined) {
      return celFunc(func.name, func.arguments, func.result, (...args: CelValue[]) => run(undefined, args))
    }
    return celMethod(
      func.name,
      func.target,
      func.arguments,
      func.result,
      function (this: CelValue, ...args: CelValue[]) {
        return run(this, args)
      },
    )
  }
}

const roundFunction = 'weir.round'

/**
 * Numbers cost the same whatever they are, joining lists only notes that they belong together, and
 * a list knows its size.
 */
function walks({ name, target, arguments: args }: CelFunc): boolean {
  if (name === 'type' || name === 'dyn') return false
  if (name === '_+_' || name === 'size') {
    return [target, ...args].some((type) => ['string', 'bytes'].includes(String(type)))
  }
  return [target, ...args].some((type) => type !== undefined && /^(string|bytes|dyn|list|map)/.test(String(type)))
}

/** One step is about what it takes to compare two numbers. */
function costOf(name: string, target: CelValue | undefined, args: readonly CelValue[]): number {
  const given = target === undefined ? args : [target, ...args]
  // A map is asked for the key, not walked.
  if (name === '@in' && isCelMap(args[1])) return 1
  // A pattern is tried at every place of a text.
  if (name === 'matches') return given.reduce<number>((cost, value) => cost * (1 + sizeOf(value, 1)), 1)
  return given.reduce<number>((cost, value) => cost + sizeOf(value, limits.conditionCostMax), 0)
}

/** How much there is to walk, up to a bound. */
function sizeOf(value: CelValue, most: number): number {
  if (typeof value === 'string') return value.length / limits.conditionCharactersAUnit
  if (value instanceof Uint8Array) return value.length / limits.conditionCharactersAUnit
  if (!isCelList(value) && !isCelMap(value)) return 1
  let size = 1
  const items = isCelList(value) ? value : value.values()
  for (const item of items) {
    size += sizeOf(item, most - size)
    if (size > most) return size
  }
  return size
}

function call(name: string, args: Expr[]): Expr {
  return create(ExprSchema, { exprKind: { case: 'callExpr', value: { function: name, args } } })
}
