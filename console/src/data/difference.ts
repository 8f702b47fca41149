import { number } from '../words/numbers.ts'
import { quantity } from '../words/quantity.ts'
import { ExactNumber } from './exact-json.ts'
import { type Field, type FieldValue, numberOf } from './fields.ts'

/** One field of an event beside the same field of the event before. */
export interface Difference {
  readonly field: Field
  readonly kind: 'same' | 'changed' | 'added' | 'removed'
  readonly before: FieldValue | undefined
  /** New minus old; undefined when one of them is no number. */
  readonly delta: number | undefined
}

/** In the order of the newer event; what is gone stands at the end. */
export function differences(before: readonly Field[], after: readonly Field[]): readonly Difference[] {
  const old = new Map(before.map((field) => [field.name, field]))
  const now = after.map((field): Difference => {
    const was = old.get(field.name)
    old.delete(field.name)
    if (was === undefined) return { field, kind: 'added', before: undefined, delta: undefined }
    const isSame = textOf(was.value) === textOf(field.value)
    return {
      field,
      kind: isSame ? 'same' : 'changed',
      before: was.value,
      delta: isSame ? undefined : deltaOf(was.value, field.value),
    }
  })
  const gone = [...old.values()].map(
    (field): Difference => ({ field, kind: 'removed', before: field.value, delta: undefined }),
  )
  return [...now, ...gone]
}

/** By how much a field grew or fell, in the unit in which its value is written: "+113 MB". */
export function deltaText(delta: number, { value, unit }: Pick<Field, 'value' | 'unit'>): string {
  const size = Math.abs(delta)
  // A share is a percentage up to one; what rounds to nothing is no change in its unit.
  const isPlain = unit === '1' && Math.abs(numberOf(value) ?? 0) > 1
  const text = isPlain ? number(size) : quantity(size, unit)
  return `${delta > 0 ? '+' : '−'}${/[1-9]/.test(text) ? text : number(size)}`
}

function textOf(value: FieldValue): string {
  return value instanceof ExactNumber ? value.text : `${typeof value}:${value}`
}

function deltaOf(before: FieldValue, after: FieldValue): number | undefined {
  if (typeof before === 'boolean' || typeof after === 'boolean') return undefined
  const [from, to] = [numberOf(before), numberOf(after)]
  return from === undefined || to === undefined ? undefined : Number((to - from).toPrecision(12))
}
