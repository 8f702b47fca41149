import { type CelEnv, type CelFunc, celEnv } from '@bufbuild/cel'
import { strings } from '@bufbuild/cel/ext'
import type { Expr } from '@bufbuild/cel-spec/cel/expr/syntax_pb.js'
import type { ReportExpressionFault } from './expression-tree.ts'
import {
  bool,
  double,
  dyn,
  type ExpressionType,
  either,
  int,
  mayBe,
  scalar,
  string,
  timestamp,
  typeOf,
  typeText,
} from './expression-type.ts'
import { lookBack } from './look-back.ts'

/** Types of names: of the variables of events, and of what loops declare. */
export type Names = Readonly<Record<string, ExpressionType>>

const functions: ReadonlyMap<string, readonly CelFunc[]> = byName((celEnv({ funcs: strings }) as CelEnv).funcs)

function byName(all: Iterable<CelFunc>): ReadonlyMap<string, readonly CelFunc[]> {
  const found = new Map<string, CelFunc[]>()
  for (const func of all) {
    const overloads = found.get(func.name)
    if (overloads === undefined) found.set(func.name, [func])
    else overloads.push(func)
  }
  return found
}

/**
 * Says what a condition gives, and reports what can never be evaluated: names, fields and functions
 * that do not exist, types that no function takes, texts that a closed set does not have. Changes
 * the expression where whole numbers stand beside a double: they become doubles, as 1 does in
 * `metrics.a + 1`.
 */
export function checkTypes(expression: Expr, names: Names, report: ReportExpressionFault): ExpressionType {
  const { exprKind } = expression
  const check = (part: Expr | undefined): ExpressionType => {
    return part === undefined ? dyn : checkTypes(part, names, report)
  }
  switch (exprKind.case) {
    case 'constExpr':
      return constantType(exprKind.value.constantKind.case)
    case 'identExpr':
      return nameType(expression, exprKind.value.name, names, report)
    case 'selectExpr': {
      const { operand, field, testOnly } = exprKind.value
      const type = fieldType(expression, check(operand), field, report)
      return testOnly ? bool : type
    }
    case 'listExpr':
      return {
        kind: 'list',
        element: exprKind.value.elements.map(check).reduce(either, firstType(exprKind.value, check)),
      }
    case 'structExpr':
      for (const { keyKind, value } of exprKind.value.entries) {
        if (keyKind.case === 'mapKey') check(keyKind.value)
        check(value)
      }
      return { kind: 'map', value: dyn }
    case 'comprehensionExpr': {
      const { iterVar, iterVar2, iterRange, accuVar, accuInit, loopCondition, loopStep, result } = exprKind.value
      const range = check(iterRange)
      if (!['list', 'map', 'object', 'dyn'].includes(range.kind)) {
        report(iterRange ?? expression, `${typeText(range)} is nothing that can be looped over`)
      }
      const [first, second] = loopTypes(range, iterVar2 !== '')
      const inner: Names = { ...names, [iterVar]: first, [iterVar2]: second, [accuVar]: check(accuInit) }
      for (const part of [loopCondition, loopStep]) if (part !== undefined) checkTypes(part, inner, report)
      return result === undefined ? dyn : checkTypes(result, inner, report)
    }
    case 'callExpr':
      return callType(expression, names, report)
    default:
      return dyn
  }
}

function firstType({ elements }: { readonly elements: Expr[] }, check: (part: Expr) => ExpressionType): ExpressionType {
  const [first] = elements
  return first === undefined ? dyn : check(first)
}

function constantType(kind: string | undefined): ExpressionType {
  switch (kind) {
    case 'boolValue':
      return bool
    case 'int64Value':
      return int
    case 'uint64Value':
      return scalar('uint')
    case 'doubleValue':
      return double
    case 'stringValue':
      return string
    case 'bytesValue':
      return scalar('bytes')
    default:
      return scalar('null_type')
  }
}

function nameType(at: Expr, name: string, names: Names, report: ReportExpressionFault): ExpressionType {
  const known = Object.hasOwn(names, name) ? names[name] : undefined
  if (known !== undefined) return known
  if (celTypes.includes(name)) return scalar('type')
  report(
    at,
    `"${name}" is unknown; an event has ${Object.keys(names)
      .filter((each) => /^[a-z]/i.test(each))
      .join(', ')}`,
  )
  return dyn
}

/** Names that CEL itself gives a meaning to: its types. */
const celTypes = ['bool', 'bytes', 'double', 'int', 'list', 'map', 'null_type', 'string', 'type', 'uint']

function fieldType(at: Expr, operand: ExpressionType, field: string, report: ReportExpressionFault): ExpressionType {
  if (operand.kind === 'dyn') return dyn
  if (operand.kind === 'map') return operand.value
  if (operand.kind === 'object') {
    const known = Object.hasOwn(operand.fields, field) ? operand.fields[field] : undefined
    if (known !== undefined) return known
    report(at, `${operand.name} has no field "${field}"; it has ${Object.keys(operand.fields).join(', ')}`)
    return dyn
  }
  report(at, `${typeText(operand)} has no field "${field}"`)
  return dyn
}

function loopTypes(range: ExpressionType, two: boolean): readonly [ExpressionType, ExpressionType] {
  if (range.kind === 'list') return two ? [int, range.element] : [range.element, dyn]
  if (range.kind === 'map') return [string, range.value]
  return [dyn, dyn]
}

function callType(at: Expr, names: Names, report: ReportExpressionFault): ExpressionType {
  if (at.exprKind.case !== 'callExpr') return dyn
  const { function: name, target, args } = at.exprKind.value
  const check = (part: Expr): ExpressionType => checkTypes(part, names, report)
  const [first, second, third] = args
  switch (name) {
    case '_&&_':
    case '_||_':
    case '!_':
    case '@not_strictly_false':
      for (const arg of args) expect(arg, check(arg), bool, report)
      return bool
    case '_?_:_': {
      if (first === undefined || second === undefined || third === undefined) return dyn
      expect(first, check(first), bool, report)
      const [yes, no] = alike(second, third, check)
      return either(yes, no)
    }
    case '_[_]': {
      if (first === undefined || second === undefined) return dyn
      return elementType(at, check(first), second, check(second), report)
    }
  }
  const isNamespace = target?.exprKind.case === 'identExpr' && functions.has(`${target.exprKind.value.name}.${name}`)
  const fullName = isNamespace && target?.exprKind.case === 'identExpr' ? `${target.exprKind.value.name}.${name}` : name
  const targetType = target === undefined || isNamespace ? undefined : check(target)
  const types =
    first !== undefined && second !== undefined && isBinary(name) ? alike(first, second, check) : args.map(check)
  if (name === 'now' && target === undefined && args.length === 0) return timestamp
  // `takeEarlierValues` has reported what is wrong with it.
  if (name === 'ago' && target === undefined) return dyn
  if (name === lookBack.metric) return double
  if (name === lookBack.data) return dyn
  if (name === lookBack.known) return bool
  if (equality.includes(name) || name === '@in') checkChoices(args, types, report)
  if (equality.includes(name)) checkComparable(at, types, report)
  return resultType(at, fullName, targetType, types, report)
}

const equality: readonly string[] = ['_==_', '_!=_']

function isBinary(name: string): boolean {
  return /^_([-+*/]|[<>]=?|[=!]=)_$/.test(name)
}

/**
 * The types of two parts that stand beside each other; whole numbers beside a double become
 * doubles.
 */
function alike(
  one: Expr,
  other: Expr,
  check: (part: Expr) => ExpressionType,
): readonly [ExpressionType, ExpressionType] {
  const types = [check(one), check(other)] as const
  const [left, right] = types
  if (isInt(left) && isDoubleLike(right) && becomesDouble(one)) return [double, right]
  if (isInt(right) && isDoubleLike(left) && becomesDouble(other)) return [left, double]
  return types
}

function isInt(type: ExpressionType): boolean {
  return type.kind === 'scalar' && type.name === 'int'
}

/** A number of JSON is a double as well. */
function isDoubleLike(type: ExpressionType): boolean {
  return type.kind === 'dyn' || (type.kind === 'scalar' && type.name === 'double')
}

/**
 * Makes doubles of a sum or product of whole numbers that are written out; false when it is
 * something else.
 */
function becomesDouble(expression: Expr): boolean {
  const { exprKind } = expression
  if (exprKind.case === 'constExpr' && exprKind.value.constantKind.case === 'int64Value') {
    const value = Number(exprKind.value.constantKind.value)
    exprKind.value.constantKind = { case: 'doubleValue', value }
    return true
  }
  if (exprKind.case !== 'callExpr' || !['_+_', '_-_', '_*_', '-_'].includes(exprKind.value.function)) return false
  // All of it or nothing.
  if (!exprKind.value.args.every(isWritten)) return false
  return exprKind.value.args.every(becomesDouble)
}

function isWritten({ exprKind }: Expr): boolean {
  if (exprKind.case === 'constExpr') return exprKind.value.constantKind.case === 'int64Value'
  return exprKind.case === 'callExpr' && ['_+_', '_-_', '_*_', '-_'].includes(exprKind.value.function)
    ? exprKind.value.args.every(isWritten)
    : false
}

function expect(at: Expr, type: ExpressionType, wanted: ExpressionType, report: ReportExpressionFault): void {
  if (!mayBe(type, wanted)) report(at, `this is ${typeText(type)}, and ${typeText(wanted)} is needed`)
}

function elementType(
  at: Expr,
  container: ExpressionType,
  index: Expr,
  indexType: ExpressionType,
  report: ReportExpressionFault,
): ExpressionType {
  const constant = index.exprKind.case === 'constExpr' ? index.exprKind.value.constantKind : undefined
  switch (container.kind) {
    case 'dyn':
      return dyn
    case 'list':
      if (!mayBe(indexType, int)) report(index, `a list is indexed by a whole number, not by ${typeText(indexType)}`)
      return container.element
    case 'map':
    case 'object':
      if (!mayBe(indexType, string)) report(index, `a map is indexed by text, not by ${typeText(indexType)}`)
      return container.kind === 'object' && constant?.case === 'stringValue'
        ? fieldType(at, container, constant.value, report)
        : container.kind === 'map'
          ? container.value
          : dyn
    default:
      report(at, `${typeText(container)} has no elements`)
      return dyn
  }
}

/** A text that is compared with one of a closed set has to be in the set. */
function checkChoices(args: readonly Expr[], types: readonly ExpressionType[], report: ReportExpressionFault): void {
  const choice = types.find((type) => type.kind === 'choice')
  if (choice === undefined) return
  const written = args.flatMap((arg) => (arg.exprKind.case === 'listExpr' ? arg.exprKind.value.elements : [arg]))
  for (const arg of written) {
    if (arg.exprKind.case !== 'constExpr' || arg.exprKind.value.constantKind.case !== 'stringValue') continue
    const { value } = arg.exprKind.value.constantKind
    if (choice.values.includes(value)) continue
    report(arg, `${choice.name} is never "${value}"; it is ${choice.values.join(', ')}`)
  }
}

/** Equality takes everything, and what can never be equal is a fault of the author. */
function checkComparable(
  at: Expr,
  [left = dyn, right = dyn]: readonly ExpressionType[],
  report: ReportExpressionFault,
): void {
  const isNumber = (type: ExpressionType): boolean => type.kind === 'scalar' && /^(u?int|double)$/.test(type.name)
  const isNull = (type: ExpressionType): boolean => type.kind === 'scalar' && type.name === 'null_type'
  if (mayBe(left, right) || mayBe(right, left) || (isNumber(left) && isNumber(right)) || isNull(left) || isNull(right))
    return
  report(at, `${typeText(left)} and ${typeText(right)} are never equal`)
}

function resultType(
  at: Expr,
  name: string,
  target: ExpressionType | undefined,
  args: readonly ExpressionType[],
  report: ReportExpressionFault,
): ExpressionType {
  const overloads = functions.get(name) ?? []
  if (overloads.length === 0) {
    report(at, `there is no function "${name}"; there are ${knownFunctions}`)
    return dyn
  }
  const fitting = overloads.filter((func) => {
    if ((func.target === undefined) !== (target === undefined) || func.arguments.length !== args.length) return false
    if (func.target !== undefined && target !== undefined && !mayBe(target, typeOf(func.target))) return false
    return func.arguments.every((wanted, index) => mayBe(args[index] ?? dyn, typeOf(wanted)))
  })
  if (fitting.length === 0) {
    report(at, `${callText(name, target, args)} does not exist${hint(args)}`)
    return dyn
  }
  // Of JSON a number is a double.
  const results = fitting.map((func) => typeOf(func.result))
  return results.reduce(either)
}

function callText(name: string, target: ExpressionType | undefined, args: readonly ExpressionType[]): string {
  const operator = /^_(.+)_$/.exec(name)?.[1]
  const texts = args.map(typeText)
  if (operator !== undefined) return texts.join(` ${operator} `)
  return `${target === undefined ? '' : `${typeText(target)}.`}${name}(${texts.join(', ')})`
}

function hint(args: readonly ExpressionType[]): string {
  const names = args.map(typeText)
  return names.includes('int') && names.includes('double') ? '; make a double of the whole number by double(...)' : ''
}

const knownFunctions: string = [
  ...new Set([...functions.keys(), 'has', 'all', 'exists', 'exists_one', 'map', 'filter', 'now', 'ago']),
]
  .filter((name) => /^[a-z]/i.test(name))
  .sort()
  .join(', ')
