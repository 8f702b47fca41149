import type { Event } from '@weir/proto'
import { endOf, type NumberEnd, noEnd, widest } from './aligned-cell.ts'
import { fieldsOf, numberOf } from './fields.ts'

/** A column of a table: a field of its events. */
export interface Column {
  readonly name: string
  /** Numbers stand right-aligned, their points below each other. */
  readonly numeric: boolean
  /** What its numbers have behind the point. */
  readonly end: NumberEnd
}

/** A field that was found in some events, and in how many of them. */
export interface FoundColumn extends Column {
  readonly count: number
}

/** Fields that at least half of these events have, the most common first, at most so many. */
export function commonColumns(found: readonly FoundColumn[], events: number, most: number): readonly FoundColumn[] {
  return found.filter(({ count }) => count * 2 >= events).slice(0, most)
}

/** All fields of these events, the most common first. */
export function foundColumns(events: readonly Event[]): readonly FoundColumn[] {
  const found = new Map<string, { count: number; numbers: number; at: number; end: NumberEnd }>()
  for (const event of events) {
    for (const [at, field] of fieldsOf(event).entries()) {
      const column = found.get(field.name) ?? { count: 0, numbers: 0, at, end: noEnd }
      column.count++
      if (typeof field.value !== 'boolean' && numberOf(field.value) !== undefined) {
        column.numbers++
        column.end = widest(column.end, endOf(field))
      }
      found.set(field.name, column)
    }
  }
  return [...found]
    .map(([name, { count, numbers, at, end }]) => ({ name, count, numeric: numbers * 2 > count, at, end }))
    .sort((a, b) => b.count - a.count || a.at - b.at)
}

/** Names of columns as an address has them; a comma alone is none of them. */
export function columnsText(names: readonly string[]): string {
  return names.length === 0 ? ',' : names.map((name) => name.replaceAll('%', '%25').replaceAll(',', '%2C')).join(',')
}

export function columnNames(text: string): readonly string[] {
  const names = text.split(',').filter((name) => name !== '')
  return names.map((name) => name.replaceAll('%2C', ',').replaceAll('%25', '%'))
}
