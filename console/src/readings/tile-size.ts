import { GRID_COLUMNS, type Tile } from '../boards/board.ts'

/** The grid as it is on the screen: pixels, and how many rows its tiles take. */
export interface GridSize {
  readonly width: number
  readonly height: number
  readonly rows: number
  /** A grid of tiles below each other. */
  readonly isPhone: boolean
  /** The rows share the height of the screen. */
  readonly isWall: boolean
}

/** Pixels between two tiles; on a wall of many rows a part of a row: tiles keep the rest. */
export function gapOf({ isWall, height, rows }: GridSize): number {
  return isWall ? Math.min(GAP, Math.max(1, Math.floor((height / rows) * 0.14))) : GAP
}

/** The size of a tile in pixels, by which it decides how large it writes. */
export function tileSize({ w, h }: Tile, grid: GridSize): readonly [width: number, height: number] {
  if (grid.isPhone) return [grid.width - 2 * EDGE, PHONE_TILE]
  const gap = gapOf(grid)
  const column = (grid.width - 2 * EDGE + gap) / GRID_COLUMNS
  const row = grid.isWall ? (grid.height - 2 * EDGE + gap) / grid.rows : ROW + gap
  return [w * column - gap, h * row - gap]
}

// As the styles of the grid have them.
const EDGE = 12
const GAP = 10
const ROW = 48
const PHONE_TILE = 192
