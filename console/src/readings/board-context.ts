import { createContext } from 'svelte'
import type { Board } from '../boards/board.ts'
import type { BoardFeed } from './board-feed.svelte.ts'
import type { TileStore } from './tile-store.ts'

/** What the tiles of one board share. */
export interface BoardContext {
  readonly feed: BoardFeed
  readonly store: TileStore
  /** Values of the board's variables. */
  readonly values: Readonly<Record<string, string>>
  /** What people call a value. */
  readonly words: Board['words']
  /** So many tiles that each is drawn as simply as it can be. */
  readonly isLarge: boolean
}

export const [useBoard, provideBoard] = createContext<BoardContext>()
