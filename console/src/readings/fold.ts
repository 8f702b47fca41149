import type { Fold, Tile } from '../boards/board.ts'
import type { TileValue } from './tile-value.ts'

/** One number of many; undefined when there is none. */
export function folded(values: Iterable<TileValue>, fold: Fold): number | undefined {
  let count = 0
  let numbers = 0
  let sum = 0
  let least = Number.POSITIVE_INFINITY
  let most = Number.NEGATIVE_INFINITY
  let last: TileValue | undefined
  for (const value of values) {
    count++
    if (value.number === undefined) continue
    numbers++
    sum += value.number
    least = Math.min(least, value.number)
    most = Math.max(most, value.number)
    if (last === undefined || value.entry.seq > last.entry.seq) last = value
  }
  if (fold === 'count') return count
  if (last === undefined) return undefined
  switch (fold) {
    case 'sum':
      return sum
    case 'mean':
      return sum / numbers
    case 'min':
      return least
    case 'max':
      return most
    case 'last':
      return last.number
  }
}

/** Good, amber or red by a tile's bounds; when red lies below amber it counts downwards. */
export function toneOf(value: number | undefined, { warn, bad }: Pick<Tile, 'warn' | 'bad'>): 'plain' | 'warn' | 'bad' {
  if (value === undefined) return 'plain'
  const down = warn !== undefined && bad !== undefined && bad < warn
  const past = (bound: number | undefined): boolean => bound !== undefined && (down ? value <= bound : value >= bound)
  if (past(bad)) return 'bad'
  return past(warn) ? 'warn' : 'plain'
}
