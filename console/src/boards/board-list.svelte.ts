import { compileFilters } from '@weir/proto/filter'
import { limits } from '../limits.ts'
import { mayPublish } from '../link/identity.ts'
import type { Link } from '../link/link.svelte.ts'
import { words } from '../words/words.ts'
import { type Board, emptyBoard, type NewTile, withTile } from './board.ts'
import { readBoard } from './board-check.ts'

/** A board that the read API has. */
export interface StoredBoard {
  readonly name: string
  /** A file of WEIR_BOARDS, a value of the bucket `boards`, or what comes with the page. */
  readonly origin: 'file' | 'bucket' | 'page'
  /** The revision that a save continues; 0 for what is not in the bucket. */
  readonly seq: number
  readonly text: string
}

/** The boards that there are for who is signed in. */
export class BoardList {
  items: readonly StoredBoard[] = $state.raw([])
  /** `away` before there was an answer; afterwards what was read stands. */
  state: 'reading' | 'read' | 'away' = $state('reading')
  readonly #link: Link
  #text = ''

  constructor(link: Link) {
    this.#link = link
  }

  /** Whether there was an answer. */
  async read(): Promise<boolean> {
    try {
      const { items } = await this.#link.read<{ items: readonly StoredBoard[] }>('v1/boards')
      const text = JSON.stringify(items)
      if (text !== this.#text) this.items = items
      this.#text = text
      this.state = 'read'
      return true
    } catch {
      if (this.state === 'reading') this.state = 'away'
      return false
    }
  }

  /** Reads again and again, as others save boards too, until what is returned is called. */
  follow(): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined
    let ended = false
    const look = async (): Promise<void> => {
      const answered = await this.read()
      if (!ended) timer = setTimeout(() => void look(), answered ? limits.boardsLookMs : limits.readAgainMs)
    }
    void look()
    return () => {
      ended = true
      clearTimeout(timer)
    }
  }

  get(name: string | undefined): StoredBoard | undefined {
    return this.items.find((item) => item.name === name)
  }

  /** Rejects with the reason: no grant, or somebody else saved meanwhile. */
  async save(name: string, board: Board, seq: number): Promise<void> {
    await this.#link.read(`v1/boards/${encodeURIComponent(name)}?seq=${seq}`, { method: 'PUT', body: boardText(board) })
    await this.read()
  }

  /** Takes a board out of the bucket. Rejects with the reason. */
  async remove(name: string): Promise<void> {
    await this.#link.read(`v1/boards/${encodeURIComponent(name)}`, { method: 'DELETE' })
    await this.read()
  }

  /**
   * Adds a tile to a board, a new one when there is none of that name. Of a board of a file this
   * saves a copy under its name, which is shown in its place from then on.
   */
  async pin(name: string, tile: NewTile): Promise<void> {
    const stored = this.get(name)
    const board = stored === undefined ? emptyBoard(name) : readBoard(stored.text).board
    if (board === undefined) throw new Error(words.boards.wrong(name))
    await this.save(name, withTile(board, tile), stored?.origin === 'bucket' ? stored.seq : 0)
  }

  /** Whether the token grants to save any board. */
  get maySaveAny(): boolean {
    return mayPublish(this.#link.identity, 'boards')
  }

  maySave(name: string): boolean {
    const grants = this.#link.identity?.publish ?? []
    return grants.length > 0 && compileFilters(grants)(`boards.${name}`)
  }
}

/** What a board is called; its name where its text says nothing. */
export function titleOf({ name, text }: StoredBoard): string {
  try {
    const { title } = JSON.parse(text) as { title?: unknown }
    return typeof title === 'string' && title !== '' ? title : name
  } catch {
    return name
  }
}

export function boardText(board: Board): string {
  return `${JSON.stringify(board, null, 2)}\n`
}

/** A title as a name: one token of a subject. */
export function nameOf(title: string): string {
  const plain = title
    .normalize('NFKD')
    .replaceAll(/[^\w\s-]/g, '')
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_]+/g, '-')
  return plain.slice(0, 60) || 'board'
}
