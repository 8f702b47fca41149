import type { Tile, TileKind } from './board.ts'

export type TileField = Exclude<keyof Tile, 'kind' | 'title' | 'x' | 'y' | 'w' | 'h'>

/** What a tile of each kind reads, in the order of its form. */
export const tileFields: Readonly<Record<TileKind, readonly TileField[]>> = {
  kpi: ['filter', 'source', 'field', 'unit', 'fold', 'warn', 'bad'],
  chart: ['filter', 'field', 'unit', 'range'],
  heatmap: ['filter', 'source', 'field', 'unit', 'sort', 'warn', 'bad', 'scale', 'staleSeconds'],
  table: ['filter', 'source', 'field', 'unit', 'sort'],
  alerts: ['filter'],
  states: ['filter', 'source', 'field', 'states'],
  pipeline: ['filter', 'source'],
  text: ['text'],
  weir: [],
  lively: [],
  machine: [],
}

const placeFields = ['kind', 'title', 'x', 'y', 'w', 'h'] as const

/**
 * The tile with what its kind reads, and without what is empty: the text of a board stays as small
 * as what it says.
 */
export function tidied(tile: Tile): Tile {
  const known: ReadonlySet<string> = new Set([...placeFields, ...tileFields[tile.kind]])
  const kept = Object.entries(tile).filter(
    ([name, value]) => known.has(name) && value !== '' && value !== undefined && value !== null && !isEmptyList(value),
  )
  return Object.fromEntries(kept) as unknown as Tile
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}
