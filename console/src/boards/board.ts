import type { Range } from '../place/place.svelte.ts'

export const tileKinds = [
  'kpi',
  'chart',
  'heatmap',
  'table',
  'alerts',
  'states',
  'pipeline',
  'text',
  'weir',
  'lively',
  'machine',
] as const
export type TileKind = (typeof tileKinds)[number]
export const folds = ['last', 'sum', 'mean', 'min', 'max', 'count'] as const
export type Fold = (typeof folds)[number]
export const sorts = ['subject', 'value', 'change'] as const
export type Sort = (typeof sorts)[number]
export const scales = ['linear', 'log'] as const
export type Scale = (typeof scales)[number]

/** A board as its JSON has it; board.schema.json says what each means. */
export interface Board {
  readonly title: string
  readonly variables?: readonly Variable[]
  readonly words?: Readonly<Record<string, string>>
  readonly tiles: readonly Tile[]
}

export interface Variable {
  readonly name: string
  readonly title?: string
  readonly value: string
  readonly choices?: readonly string[]
}

export interface Tile {
  readonly kind: TileKind
  readonly title?: string
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
  readonly filter?: string
  readonly source?: string
  readonly field?: string
  readonly fold?: Fold
  readonly sort?: Sort
  readonly unit?: string
  readonly warn?: number
  readonly bad?: number
  readonly scale?: Scale
  readonly staleSeconds?: number
  readonly range?: Range
  readonly states?: readonly string[]
  readonly text?: string
}

/** A tile that has no place yet. */
export type NewTile = Omit<Tile, 'x' | 'y' | 'w' | 'h'>

/** Of the grid that tiles stand in. */
export const GRID_COLUMNS = 24

export const emptyBoard = (title: string): Board => ({ title, tiles: [] })

/** How large a new tile is. */
const sizes: Readonly<Record<TileKind, readonly [w: number, h: number]>> = {
  kpi: [4, 2],
  chart: [12, 5],
  heatmap: [12, 6],
  table: [12, 6],
  alerts: [8, 5],
  states: [16, 6],
  pipeline: [16, 5],
  text: [6, 2],
  weir: [24, 4],
  lively: [12, 8],
  machine: [8, 3],
}

/**
 * The board with one more tile, where there is room for it: in the first gap, or below everything.
 */
export function withTile(board: Board, tile: NewTile): Board {
  const [w, h] = sizes[tile.kind]
  const bottom = Math.max(0, ...board.tiles.map(({ y, h: height }) => y + height))
  for (let y = 0; y <= bottom; y++) {
    for (let x = 0; x + w <= GRID_COLUMNS; x++) {
      const place = { x, y, w, h }
      if (!board.tiles.some((other) => overlaps(place, other)))
        return { ...board, tiles: [...board.tiles, { ...tile, ...place }] }
    }
  }
  return { ...board, tiles: [...board.tiles, { ...tile, x: 0, y: bottom, w, h }] }
}

/**
 * The board with a tile elsewhere or in another size, within the grid; tiles that it would cover
 * move down.
 */
export function placed(board: Board, at: number, place: Partial<Pick<Tile, 'x' | 'y' | 'w' | 'h'>>): Board {
  const tile = board.tiles[at]
  if (tile === undefined) return board
  const w = clamp(place.w ?? tile.w, 1, GRID_COLUMNS)
  const moved = {
    ...tile,
    w,
    h: clamp(place.h ?? tile.h, 1, 100),
    x: clamp(place.x ?? tile.x, 0, GRID_COLUMNS - w),
    y: clamp(place.y ?? tile.y, 0, 10_000),
  }
  const settled: Tile[] = [moved]
  const others = board.tiles.map((each, index) => ({ each, index })).filter(({ index }) => index !== at)
  const result: Tile[] = [...board.tiles]
  result[at] = moved
  for (const { each, index } of others.sort((a, b) => a.each.y - b.each.y || a.each.x - b.each.x)) {
    let next = each
    for (
      let hit = settled.find((one) => overlaps(one, next));
      hit !== undefined;
      hit = settled.find((one) => overlaps(one, next))
    )
      next = { ...next, y: hit.y + hit.h }
    settled.push(next)
    result[index] = next
  }
  return { ...board, tiles: result }
}

/** A text with each `$name` in the place of its value. An unknown name stays. */
export function filled(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$([a-z][a-z0-9_]*)/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? (values[name] ?? whole) : whole,
  )
}

/** The values that a board's variables have while the address has none. */
export function defaultValues({ variables = [] }: Pick<Board, 'variables'>): Readonly<Record<string, string>> {
  return Object.fromEntries(variables.map(({ name, value }) => [name, value]))
}

/** A value as the people of a board call it; one that its words do not have stays. */
export function inWords(value: string, words: Board['words']): string {
  return words !== undefined && Object.hasOwn(words, value) ? (words[value] ?? value) : value
}

function overlaps(a: Pick<Tile, 'x' | 'y' | 'w' | 'h'>, b: Pick<Tile, 'x' | 'y' | 'w' | 'h'>): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value))
}
