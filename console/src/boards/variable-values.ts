import { termsOf } from '../data/query.ts'
import type { SeenSubjects } from '../data/seen-subjects.ts'
import { type Board, filled } from './board.ts'

/**
 * What a variable of a board may be, as far as subjects were seen: what stands at its place in the
 * filters of the tiles, whatever the other variables are now.
 */
export function variableValues({ tiles, variables = [] }: Board, name: string, seen: SeenSubjects): readonly string[] {
  const any = Object.fromEntries(variables.map((variable) => [variable.name, '*']))
  const values = new Set<string>()
  for (const filter of new Set(tiles.flatMap((tile) => termsOf(tile.filter ?? '')))) {
    const place = filter.split('.').indexOf(`$${name}`)
    if (place < 0) continue
    for (const token of seen.tokensAt(filled(filter, any), place)) values.add(token)
  }
  return [...values]
}
