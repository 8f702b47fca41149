import { findNodeAtLocation, type Node } from 'jsonc-parser'
import { parseQuery } from '../data/query.ts'
import { count } from '../words/numbers.ts'
import { words } from '../words/words.ts'
import { type Board, defaultValues, filled, GRID_COLUMNS, type Tile } from './board.ts'

/** What is wrong at a node of a text of JSON. */
export interface NodeFault {
  readonly node: Node
  readonly message: string
}

/** What a schema cannot say: filters are filters, of variables that there are; tiles have room. */
export function meaningFaults(board: Board, tree: Node): readonly NodeFault[] {
  const { faults } = words.boards
  const found: NodeFault[] = []
  const values = defaultValues(board)
  for (const [at, tile] of board.tiles.entries()) {
    const say = (name: keyof Tile, message: string): void => {
      const node = findNodeAtLocation(tree, ['tiles', at, name]) ?? tree
      found.push({ node, message: `tiles[${at}].${name}: ${message}` })
    }
    if (tile.x + tile.w > GRID_COLUMNS) say('w', faults.atMost(count(GRID_COLUMNS - tile.x)))
    const unknown = variablesIn(tile.filter ?? '').find((name) => !Object.hasOwn(values, name))
    const [wrong] = wrongTerms(tile, values)
    if (unknown !== undefined) say('filter', faults.noVariable(unknown))
    else if (wrong !== undefined) say('filter', faults.noFilter(wrong))
  }
  return found
}

/** The terms of a tile's filter that are none, as such a filter would mean everything. */
export function wrongTerms(
  { filter = '' }: Pick<Tile, 'filter'>,
  values: Readonly<Record<string, string>>,
): readonly string[] {
  return parseQuery(filled(filter, values)).wrong
}

function variablesIn(text: string): readonly string[] {
  return [...text.matchAll(/\$([a-z][a-z0-9_]*)/g)].map(([, name = '']) => name)
}
