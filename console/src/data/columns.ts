import type { Event } from '@weir/proto'
import { fieldsOf, numberOf } from './fields.ts'

/** A column of a table: a field that many of its events have. */
export interface Column {
  readonly name: string
  /** Numbers stand right-aligned. */
  readonly numeric: boolean
}

/** Fields that at least half of these events have, the most common first, at most so many. */
export function commonColumns(events: readonly Event[], most: number): readonly Column[] {
  return foundColumns(events)
    .filter(({ count }) => count * 2 >= events.length)
    .slice(0, most)
}

/** All fields of these events, the most common first. */
export function foundColumns(events: readonly Event[]): readonly (Column & { readonly count: number })[] {
  const found = new Map<string, { count: number; numbers: number; at: number }>()
  for (const event of events) {
    for (const [at, { name, value }] of fieldsOf(event).entries()) {
      const column = found.get(name) ?? { count: 0, numbers: 0, at }
      column.count++
      if (typeof value !== 'boolean' && numberOf(value) !== undefined) column.numbers++
      found.set(name, column)
    }
  }
  return [...found]
    .map(([name, { count, numbers, at }]) => ({ name, count, numeric: numbers * 2 > count, at }))
    .sort((a, b) => b.count - a.count || a.at - b.at)
}
