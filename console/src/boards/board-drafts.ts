import type { Desk } from '../place/desk.ts'
import { BoardEdit } from './board-edit.svelte.ts'

/**
 * The edits of all boards of a tab, by the boards' names: who looks at another board or page
 * meanwhile finds them again, and who leaves is asked by the browser.
 */
class BoardDrafts {
  readonly #edits = new Map<string, BoardEdit>()

  constructor() {
    addEventListener('beforeunload', (event) => {
      if ([...this.#edits.values()].some((edit) => edit.isChanged)) event.preventDefault()
    })
  }

  of(name: string): BoardEdit {
    const edit = this.#edits.get(name) ?? new BoardEdit()
    this.#edits.set(name, edit)
    return edit
  }
}

const drafts = new WeakMap<Desk, BoardDrafts>()

export function draftsOf(desk: Desk): BoardDrafts {
  const known = drafts.get(desk) ?? new BoardDrafts()
  drafts.set(desk, known)
  return known
}
