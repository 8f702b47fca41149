import { GRID_COLUMNS, type Tile } from '../boards/board.ts'

/** The grid as it is on the screen: pixels, and how many rows its tiles take. */
export interface GridSize {
  readonly width: number
  readonly height: number
  readonly rows: number
  /** Tiles in few columns, in their order of reading. */
  readonly isPhone: boolean
  /** A board of many tiles: smaller ones on a phone. */
  readonly isLarge: boolean
  /** The rows share the height of the screen. */
  readonly isWall: boolean
}

/** Pixels between two tiles; on a wall of many rows a part of a row: tiles keep the rest. */
export function gapOf({ isWall, isPhone, height, rows }: GridSize): number {
  if (isPhone) return PHONE_GAP
  return isWall ? Math.min(GAP, Math.max(1, Math.floor((height / rows) * 0.14))) : GAP
}

/** On a phone numbers stand beside each other, and everything else takes the whole width. */
export function phoneColumns({ isLarge }: Pick<GridSize, 'isLarge'>): number {
  return isLarge ? 4 : 2
}

/**
 * How many columns of a phone each tile takes, and its place in the order of reading: from the top,
 * and from the left. The last number before something wide takes what is left of its row.
 */
export function phonePlaces(tiles: readonly Tile[], columns: number): readonly PhonePlace[] {
  const order = tiles.map((_, at) => at).sort((a, b) => byPlace(tiles[a], tiles[b]))
  const places: PhonePlace[] = []
  let used = 0
  for (const [rank, at] of order.entries()) {
    const next = tiles[order[rank + 1] ?? -1]
    if (tiles[at]?.kind !== 'kpi') used = 0
    const isLast = next?.kind !== 'kpi'
    const span = tiles[at]?.kind !== 'kpi' || isLast ? columns - used : 1
    places[at] = { span, order: rank }
    used = (used + span) % columns
  }
  return places
}

export interface PhonePlace {
  readonly span: number
  readonly order: number
}

/** The size of a tile in pixels, by which it decides how large it writes. */
export function tileSize({ w, h, kind }: Tile, grid: GridSize, span = 1): readonly [width: number, height: number] {
  if (grid.isPhone) {
    const columns = phoneColumns(grid)
    const column = (grid.width - PHONE_GAP) / columns
    return [span * column - PHONE_GAP, kind === 'kpi' && grid.isLarge ? PHONE_SMALL : phoneHeights[kind]]
  }
  const gap = gapOf(grid)
  const column = (grid.width - 2 * EDGE + gap) / GRID_COLUMNS
  const row = grid.isWall ? (grid.height - 2 * EDGE + gap) / grid.rows : ROW + gap
  return [w * column - gap, h * row - gap]
}

// As the styles of the grid have them.
const EDGE = 12
const GAP = 10
const ROW = 48
const PHONE_GAP = 8
const PHONE_SMALL = 54
const phoneHeights: Readonly<Record<Tile['kind'], number>> = {
  kpi: 92,
  heatmap: 260,
  chart: 210,
  table: 290,
  alerts: 190,
  states: 300,
  pipeline: 260,
  text: 120,
  weir: 300,
  machine: 150,
  lively: 300,
}

function byPlace(a: Tile | undefined, b: Tile | undefined): number {
  return (a?.y ?? 0) - (b?.y ?? 0) || (a?.x ?? 0) - (b?.x ?? 0)
}
