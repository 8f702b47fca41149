import { limits } from '../limits.ts'
import type { Board } from './board.ts'

/** A board while it is worked on, with a way back. */
export class BoardEdit {
  board: Board = $state.raw(none)
  /** As it is stored. */
  #stored: Board = $state.raw(none)
  #past: readonly Board[] = $state.raw([])
  #future: readonly Board[] = $state.raw([])

  /** Whether it is another than the one that is stored. */
  get isChanged(): boolean {
    return this.board !== this.#stored
  }

  get canUndo(): boolean {
    return this.#past.length > 0
  }

  get canRedo(): boolean {
    return this.#future.length > 0
  }

  /** Begins with what is stored; what was done before is forgotten. */
  begin(board: Board = this.#stored): void {
    this.board = board
    this.#stored = board
    this.#past = []
    this.#future = []
  }

  change(board: Board): void {
    this.#past = [...this.#past, this.board].slice(-limits.boardUndoStepsMax)
    this.#future = []
    this.board = board
  }

  /** The board is stored as it is now; steps can still be taken back. */
  saved(board: Board): void {
    this.#stored = board
  }

  undo(): void {
    const before = this.#past.at(-1)
    if (before === undefined) return
    this.#past = this.#past.slice(0, -1)
    this.#future = [...this.#future, this.board]
    this.board = before
  }

  redo(): void {
    const after = this.#future.at(-1)
    if (after === undefined) return
    this.#future = this.#future.slice(0, -1)
    this.#past = [...this.#past, this.board]
    this.board = after
  }
}

const none: Board = { title: '', tiles: [] }
