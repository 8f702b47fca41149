import { filled, type Tile } from '../boards/board.ts'
import type { BoardFeed } from './board-feed.svelte.ts'
import { type Reading, TileValues } from './tile-values.svelte.ts'

/**
 * The values of a board's tiles, for as long as the board is shown, whether a tile is in view or
 * not. Tiles that read the same share it.
 */
export class TileStore {
  readonly #feed: BoardFeed
  readonly #variables: Readonly<Record<string, string>>
  readonly #held = new Map<string, TileValues>()

  constructor(feed: BoardFeed, variables: Readonly<Record<string, string>>) {
    this.#feed = feed
    this.#variables = variables
  }

  /** Of a tile that reads values. */
  of(tile: Tile): TileValues {
    const reading = readingOf(tile, this.#variables)
    const key = JSON.stringify(reading)
    let values = this.#held.get(key)
    if (values === undefined) {
      values = new TileValues(this.#feed, reading)
      this.#held.set(key, values)
    }
    return values
  }

  /** Reads for these tiles, and no longer for others. */
  keep(tiles: readonly Tile[]): void {
    const kept = new Set(tiles.filter(({ kind }) => readers.has(kind)).map((tile) => this.of(tile)))
    for (const [key, values] of this.#held) {
      if (kept.has(values)) continue
      values.close()
      this.#held.delete(key)
    }
  }

  close(): void {
    this.keep([])
  }
}

/** The others read a history, alerts, or nothing. */
const readers: ReadonlySet<Tile['kind']> = new Set(['kpi', 'heatmap', 'table', 'states', 'pipeline'])

function readingOf(tile: Tile, variables: Readonly<Record<string, string>>): Reading {
  return {
    source: tile.source ?? 'latest',
    filter: filled(tile.filter ?? '>', variables),
    field: tile.field ?? (tile.kind === 'states' ? 'to' : undefined),
  }
}
