import { type CelInput, CelScalar, celEnv, celFunc, isCelError, listType, mapType, parse, plan } from '@bufbuild/cel'
import { type Expr, ExprSchema } from '@bufbuild/cel-spec/cel/expr/syntax_pb.js'
import { clone, create } from '@bufbuild/protobuf'
import { eventToJson, WeirError } from '@weir/proto'
import type { EventRecord } from '../event/event-record.ts'
import { limits } from '../limits.ts'

/**
 * A condition over one event in CEL, the Common Expression Language. It may use `subject`, `tokens` (of the subject),
 * `eventType`, `source`, `labels`, `metrics` (of a reading), `change` (a state change), `step`, and `data` (of `json`).
 */
export interface Condition {
  readonly text: string
  /**
   * Undefined when the event has not what the condition asks for, as when it compares a metric that the reading lacks. Throws
   * `invalid` when it fails, gives something else than a boolean, or takes more steps than are allowed.
   */
  holds(record: EventRecord): boolean | undefined
}

/** Throws `invalid` when the text is no CEL expression, or names what events do not have. */
export function compileCondition(text: string): Condition {
  if (text.length > limits.conditionBytesMax) {
    throw new WeirError('invalid', `The condition is longer than ${limits.conditionBytesMax} characters.`)
  }
  const expression = parsed(text)
  const names = [...freeNames(expression)]
  const unknown = names.find((name) => !(name in variables))
  if (unknown !== undefined) {
    const known = Object.keys(variables).join(', ')
    throw new WeirError('invalid', `The condition names "${unknown}"; an event has ${known}.`)
  }
  const steps = new StepCounter(limits.conditionStepsMax)
  const step = celFunc(stepFunction, [], CelScalar.BOOL, () => steps.take())
  const evaluate = plan(celEnv({ variables, funcs: [step] }), counted(expression))
  const getters = names.map((name): [string, Getter] => [name, bindings[name as VariableName]])
  return {
    text,
    holds(record) {
      const values: Record<string, CelInput> = {}
      for (const [name, get] of getters) values[name] = get(record)
      steps.reset()
      const result = evaluate({ ...nothing, ...values } as never)
      if (steps.exceeded) {
        throw new WeirError(
          'invalid',
          `The condition took more than ${limits.conditionStepsMax} steps: loop over less.`,
        )
      }
      if (typeof result === 'boolean') return result
      if (!isCelError(result)) throw new WeirError('invalid', 'The condition gives something else than true or false.')
      if (/^field not found|no such key|out of bounds/.test(result.message)) return undefined
      throw new WeirError('invalid', `The condition failed: ${result.message}.`, { cause: result })
    },
  }
}

const variables = {
  subject: CelScalar.STRING,
  tokens: listType(CelScalar.STRING),
  // Not `type`: in CEL that is the type of types.
  eventType: CelScalar.STRING,
  source: CelScalar.STRING,
  labels: mapType(CelScalar.STRING, CelScalar.STRING),
  metrics: mapType(CelScalar.STRING, CelScalar.DOUBLE),
  change: CelScalar.DYN,
  step: CelScalar.DYN,
  data: CelScalar.DYN,
} as const

type VariableName = keyof typeof variables
type Getter = (record: EventRecord) => CelInput

/** Only what a condition names is made of an event. */
const bindings: Readonly<Record<VariableName, Getter>> = {
  subject: (record) => record.subject,
  tokens: (record) => record.subject.split('.'),
  eventType: (record) => record.event.type,
  source: (record) => record.event.source,
  labels: (record) => new Map(Object.entries(record.event.labels)),
  metrics: ({ event: { data } }) => (data.case === 'reading' ? new Map(Object.entries(data.value.metrics)) : new Map()),
  change: ({ event }) => celValue(eventToJson(event).stateChange ?? {}),
  step: ({ event }) => celValue(eventToJson(event).step ?? {}),
  data: ({ event }) => celValue(eventToJson(event).data ?? null),
}

const nothing: Readonly<Record<VariableName, CelInput>> = {
  subject: '',
  tokens: [],
  eventType: '',
  source: '',
  labels: new Map(),
  metrics: new Map(),
  change: null,
  step: null,
  data: null,
}

/** JSON as CEL takes it: objects as maps, so that what every JavaScript object inherits is not found in them. */
function celValue(value: unknown): CelInput {
  if (Array.isArray(value)) return value.map(celValue)
  if (typeof value !== 'object' || value === null) return value as CelInput
  return new Map(Object.entries(value).map(([key, item]) => [key, celValue(item)]))
}

function parsed(text: string): Expr {
  try {
    return parse(text).expr
  } catch (cause) {
    throw new WeirError(
      'invalid',
      `The condition is no CEL expression: ${cause instanceof Error ? cause.message : cause}.`,
    )
  }
}

/**
 * CEL always ends, but loops within loops over what an event brings may end in hours. So every round of every loop takes a
 * step, by a call that is put before the loop's own condition, and past the bound each loop ends at once.
 */
class StepCounter {
  readonly #max: number
  #left = 0

  constructor(max: number) {
    this.#max = max
  }

  reset(): void {
    this.#left = this.#max
  }

  take(): boolean {
    this.#left--
    return this.#left >= 0
  }

  get exceeded(): boolean {
    return this.#left < 0
  }
}

const stepFunction = 'weir.step'

function counted(expression: Expr): Expr {
  const copy = clone(ExprSchema, expression)
  for (const { exprKind } of expressionsIn(copy)) {
    if (exprKind.case !== 'comprehensionExpr') continue
    const { loopCondition } = exprKind.value
    const step = call(stepFunction, [])
    exprKind.value.loopCondition = loopCondition === undefined ? step : call('_&&_', [step, loopCondition])
  }
  return copy
}

function call(name: string, args: Expr[]): Expr {
  return create(ExprSchema, { exprKind: { case: 'callExpr', value: { function: name, args } } })
}

/** Names that no loop declares: the variables. */
function freeNames(expression: Expr): Set<string> {
  const names = new Set<string>()
  const declared = new Set<string>()
  for (const { exprKind } of expressionsIn(expression)) {
    if (exprKind.case === 'identExpr') names.add(exprKind.value.name)
    if (exprKind.case === 'comprehensionExpr') {
      const { accuVar, iterVar, iterVar2 } = exprKind.value
      for (const name of [accuVar, iterVar, iterVar2]) declared.add(name)
    }
  }
  for (const name of [...declared, ...typeNames]) names.delete(name)
  return names
}

/** Names that CEL itself gives a meaning to: its types. */
const typeNames = ['bool', 'bytes', 'double', 'int', 'list', 'map', 'null_type', 'string', 'type', 'uint']

/** An expression and all that it is made of. */
function* expressionsIn(expression: Expr | undefined): Generator<Expr> {
  if (expression === undefined) return
  yield expression
  const { exprKind } = expression
  switch (exprKind.case) {
    case 'selectExpr':
      yield* expressionsIn(exprKind.value.operand)
      return
    case 'callExpr':
      yield* expressionsIn(exprKind.value.target)
      for (const argument of exprKind.value.args) yield* expressionsIn(argument)
      return
    case 'listExpr':
      for (const element of exprKind.value.elements) yield* expressionsIn(element)
      return
    case 'structExpr':
      for (const { keyKind, value } of exprKind.value.entries) {
        if (keyKind.case === 'mapKey') yield* expressionsIn(keyKind.value)
        yield* expressionsIn(value)
      }
      return
    case 'comprehensionExpr': {
      const { iterRange, accuInit, loopCondition, loopStep, result } = exprKind.value
      for (const part of [iterRange, accuInit, loopCondition, loopStep, result]) yield* expressionsIn(part)
    }
  }
}
