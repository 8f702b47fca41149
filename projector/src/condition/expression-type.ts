import type { CelType } from '@bufbuild/cel'

/**
 * What a part of a condition is, as far as can be said before an event is there. `dyn` is a value
 * of JSON, of which nothing is known, except that its numbers are doubles.
 */
export type ExpressionType =
  | { readonly kind: 'dyn' }
  | { readonly kind: 'scalar'; readonly name: string }
  | { readonly kind: 'list'; readonly element: ExpressionType }
  | { readonly kind: 'map'; readonly value: ExpressionType }
  /** A map of which all fields are known. */
  | { readonly kind: 'object'; readonly name: string; readonly fields: Readonly<Record<string, ExpressionType>> }
  /** Text that is one of few. */
  | { readonly kind: 'choice'; readonly name: string; readonly values: readonly string[] }

export const dyn: ExpressionType = { kind: 'dyn' }
export const bool: ExpressionType = scalar('bool')
export const int: ExpressionType = scalar('int')
export const double: ExpressionType = scalar('double')
export const string: ExpressionType = scalar('string')
export const timestamp: ExpressionType = scalar('google.protobuf.Timestamp')

export function scalar(name: string): ExpressionType {
  return { kind: 'scalar', name }
}

/** As CEL writes it. */
export function typeText(type: ExpressionType): string {
  switch (type.kind) {
    case 'scalar':
      return type.name.replace(/^google\.protobuf\./, '').toLowerCase()
    case 'list':
      return `list(${typeText(type.element)})`
    case 'map':
      return `map(string, ${typeText(type.value)})`
    case 'choice':
      return 'string'
    case 'object':
      return 'map(string, dyn)'
    default:
      return 'dyn'
  }
}

export function typeOf(type: CelType): ExpressionType {
  if (type.kind === 'list') return { kind: 'list', element: typeOf(type.element) }
  if (type.kind === 'map') return { kind: 'map', value: typeOf(type.value) }
  return String(type) === 'dyn' ? dyn : scalar(String(type))
}

/**
 * Whether a value of the one may be one of the other. What an element or a field is shows when it
 * is taken out.
 */
export function mayBe(type: ExpressionType, wanted: ExpressionType): boolean {
  if (type.kind === 'dyn' || wanted.kind === 'dyn') return true
  if (wanted.kind === 'scalar') {
    return type.kind === 'scalar' ? type.name === wanted.name : type.kind === 'choice' && wanted.name === 'string'
  }
  return type.kind === wanted.kind || (wanted.kind === 'map' && type.kind === 'object')
}

/** What is either; `dyn` when they differ. */
export function either(one: ExpressionType, other: ExpressionType): ExpressionType {
  return typeText(one) === typeText(other) ? one : dyn
}
