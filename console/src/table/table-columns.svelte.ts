import type { Event } from '@weir/proto'
import { widest } from '../data/aligned-cell.ts'
import { type Column, commonColumns, type FoundColumn, foundColumns } from '../data/columns.ts'

/**
 * The columns of a table of events, made from what its rows hold. They are looked for once in a
 * while, not with each event, and stay as they are while the same ones are wanted: a table whose
 * columns change places with each picture cannot be read.
 */
export class TableColumns {
  columns: readonly Column[] = $state.raw([])
  /** Whether the events have more than these columns show. */
  hasMore: boolean = $state(true)
  /** All that was found, the most common first. */
  found: readonly FoundColumn[] = []

  /** Takes the fields that most of these events have, at most so many, or those that are chosen. */
  look(events: readonly Event[], most: number, chosen?: readonly string[]): void {
    this.found = foundColumns(events)
    const wanted = chosen?.map((name) => this.#named(name)) ?? commonColumns(this.found, events.length, most)
    const now = (chosen === undefined ? this.#inOrder(wanted) : wanted).map((column) => this.#grown(column))
    if (!isSame(now, this.columns)) this.columns = now
    this.hasMore = now.length === 0 || this.found.some(({ name }) => !now.some((column) => column.name === name))
  }

  #named(name: string): Column {
    const known = this.found.find((column) => column.name === name) ?? this.#before(name)
    return known ?? { name, numeric: false, end: { digits: 0, unit: 0 } }
  }

  /** The order that is shown, as long as it holds the same ones. */
  #inOrder(wanted: readonly Column[]): readonly Column[] {
    const shown = this.columns.map(({ name }) => wanted.find((column) => column.name === name))
    return shown.length === wanted.length && shown.every((column) => column !== undefined) ? shown : wanted
  }

  /** Room for the end of a number is never taken away while its column stands. */
  #grown(column: Column): Column {
    const { name, numeric, end } = column
    const before = this.#before(name)
    return { name, numeric, end: before === undefined ? end : widest(before.end, end) }
  }

  #before(name: string): Column | undefined {
    return this.columns.find((column) => column.name === name)
  }
}

function isSame(some: readonly Column[], other: readonly Column[]): boolean {
  return (
    some.length === other.length &&
    some.every(({ name, numeric, end }, at) => {
      const same = other[at]
      return (
        same?.name === name && same.numeric === numeric && same.end.digits === end.digits && same.end.unit === end.unit
      )
    })
  )
}
