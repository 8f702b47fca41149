import { limits } from '../limits.ts'
import { pointOf } from '../words/numbers.ts'
import { scaled } from '../words/quantity.ts'
import { type Field, valueText } from './fields.ts'

/**
 * What stands behind the last whole digit of a number, in characters: the point with its digits,
 * and the unit. A column whose cells leave the room of the widest has its points below each other.
 */
export interface NumberEnd {
  readonly digits: number
  readonly unit: number
}

export const noEnd: NumberEnd = { digits: 0, unit: 0 }

export function endOf(field: Field): NumberEnd {
  const { text, unit } = partsOf(field)
  const most = limits.cellEndMax
  return { digits: Math.min(most, text.length - pointOf(text)), unit: Math.min(most, unit.length) }
}

export function widest(some: NumberEnd, other: NumberEnd): NumberEnd {
  return { digits: Math.max(some.digits, other.digits), unit: Math.max(some.unit, other.unit) }
}

/** A number as a cell of its column shows it, in letters of one width. */
export function alignedText(field: Field, { digits, unit: room }: NumberEnd): string {
  const { text, unit } = partsOf(field)
  const number = text + space.repeat(Math.max(0, digits - (text.length - pointOf(text))))
  return room === 0 ? number : `${number}${space}${unit.padEnd(room, space)}`
}

/** A row collapses others. */
const space = '\u00a0'

function partsOf(field: Field): { readonly text: string; readonly unit: string } {
  const { value, unit } = field
  return typeof value === 'number' ? scaled(value, unit) : { text: valueText(field), unit: '' }
}
