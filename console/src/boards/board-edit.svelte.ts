import { limits } from '../limits.ts'
import type { Board } from './board.ts'

/** A board while it is worked on, with a way back. */
export class BoardEdit {
  board: Board = $state.raw({ title: '', tiles: [] })
  dirty: boolean = $state(false)
  readonly #past: Board[] = []
  readonly #future: Board[] = []
  #steps = $state(0)

  /** Begins with another board; what was done to the one before is forgotten. */
  begin(board: Board): void {
    this.board = board
    this.#past.length = 0
    this.#future.length = 0
    this.#steps++
    this.dirty = false
  }

  change(board: Board): void {
    this.#past.push(this.board)
    if (this.#past.length > limits.boardUndoStepsMax) this.#past.shift()
    this.#future.length = 0
    this.board = board
    this.#steps++
    this.dirty = true
  }

  undo(): void {
    this.#step(this.#past, this.#future)
  }

  redo(): void {
    this.#step(this.#future, this.#past)
  }

  get canUndo(): boolean {
    return this.#steps >= 0 && this.#past.length > 0
  }

  get canRedo(): boolean {
    return this.#steps >= 0 && this.#future.length > 0
  }

  #step(from: Board[], to: Board[]): void {
    const board = from.pop()
    if (board === undefined) return
    to.push(this.board)
    this.board = board
    this.#steps++
    this.dirty = true
  }
}
