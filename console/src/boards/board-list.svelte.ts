import { limits } from '../limits.ts'
import { mayPublish } from '../link/identity.ts'
import type { Link } from '../link/link.svelte.ts'
import { type Board, emptyBoard, type Tile, withTile } from './board.ts'
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
  state: 'reading' | 'read' | 'away' = $state('reading')
  readonly #link: Link

  constructor(link: Link) {
    this.#link = link
  }

  async read(): Promise<void> {
    try {
      const { items } = await this.#link.read<{ items: readonly StoredBoard[] }>('v1/boards')
      this.items = items
      this.state = 'read'
    } catch {
      this.state = 'away'
    }
  }

  /** Reads and, while the read API is away, reads again, until what is returned is called. */
  follow(): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined
    let ended = false
    const look = async (): Promise<void> => {
      await this.read()
      if (!ended && this.state === 'away') timer = setTimeout(() => void look(), limits.readAgainMs)
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

  async remove(name: string): Promise<void> {
    await this.#link.read(`v1/boards/${encodeURIComponent(name)}`, { method: 'DELETE' })
    await this.read()
  }

  /** Adds a tile to a board, a new one when there is none of that name. */
  async pin(name: string, tile: Omit<Tile, 'x' | 'y' | 'w' | 'h'>): Promise<void> {
    const stored = this.get(name)
    const board = stored === undefined ? emptyBoard(name) : readBoard(stored.text).board
    if (board === undefined) throw new Error(name)
    await this.save(name, withTile(board, tile), stored?.origin === 'bucket' ? stored.seq : 0)
  }

  get maySave(): boolean {
    return mayPublish(this.#link.identity, 'boards')
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
