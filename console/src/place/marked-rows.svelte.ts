import type { Place } from './place.svelte.ts'

/**
 * Rows that stand in the document as elements, in lists, tables and tiles: each has its name in
 * `data-row`, and j and k go through them in the order of the document. A list that draws only what
 * is in sight goes through its own.
 */
export class MarkedRows {
  readonly #place: Place
  /** Where j and k are; several rows have one name where two tiles show one subject. */
  #at: HTMLElement | undefined

  constructor(place: Place) {
    this.#place = place
  }

  /** As an attachment of each row: it is marked while the address has its name. */
  readonly watch = (row: HTMLElement): void => {
    if (!isControl(row)) row.tabIndex = -1
    $effect(() => {
      const isMarked = this.#place.marked === row.dataset.row
      if (isMarked) row.setAttribute('aria-current', 'true')
      else row.removeAttribute('aria-current')
      if (this.#place.due !== row.dataset.row) return
      this.#place.due = undefined
      row.scrollIntoView({ block: 'nearest' })
    })
  }

  /** Marks the next row or the one before; false where the page has none. */
  step(by: 1 | -1): boolean {
    const rows = [...document.querySelectorAll<HTMLElement>('main [data-row]')]
    const now = this.#indexIn(rows)
    const next = rows[now < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, now + by))]
    if (next === undefined) return false
    this.#at = next
    this.#place.mark(next.dataset.row ?? '')
    next.scrollIntoView({ block: 'nearest' })
    next.focus({ preventScroll: true })
    // Details that are open are those of the marked row.
    if (this.#place.row !== undefined) this.open()
    return true
  }

  /** Does what a click on the marked row does, or on the part of it that opens it. */
  open(): boolean {
    const rows = [...document.querySelectorAll<HTMLElement>('main [data-row]')]
    const row = rows[this.#indexIn(rows)]
    const opener = row === undefined || isControl(row) ? row : row.querySelector<HTMLElement>('[data-open]')
    opener?.click()
    return opener !== null && opener !== undefined
  }

  /** The row with the focus, else the one that keys came to, else the first of the marked name. */
  #indexIn(rows: readonly HTMLElement[]): number {
    const { marked } = this.#place
    const focused = rows.findIndex((row) => row.contains(document.activeElement))
    if (focused >= 0) return focused
    const at = this.#at
    const known = at?.dataset.row === marked && at !== undefined ? rows.indexOf(at) : -1
    return known >= 0 ? known : rows.findIndex(({ dataset }) => dataset.row === marked)
  }
}

function isControl(element: HTMLElement): boolean {
  return element.matches('button, a[href]')
}
