import { type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser'
import { limits } from '../limits.ts'
import { count } from '../words/numbers.ts'
import { words } from '../words/words.ts'
import schema from './board.schema.json' with { type: 'json' }
import type { Board } from './board.ts'
import { meaningFaults, type NodeFault } from './board-meaning.ts'

/** What is wrong with a text that should be a board, and where: both from 1. */
export interface BoardFault {
  readonly line: number
  readonly column: number
  readonly message: string
}

/**
 * The board of a text, or all that is wrong with it. The schema is the one that editors use; what
 * it cannot say is looked at when all else is right.
 */
export function readBoard(
  text: string,
):
  | { readonly board: Board; readonly faults: readonly [] }
  | { readonly board: undefined; readonly faults: readonly BoardFault[] } {
  const errors: ParseError[] = []
  const tree = parseTree(text, errors, { disallowComments: true, allowTrailingComma: false })
  const faults = errors
    .slice(0, limits.boardFaultsMax)
    .map(({ error, offset }) => ({ ...placeOf(text, offset), message: inWords(printParseErrorCode(error)) }))
  if (tree === undefined) {
    return { board: undefined, faults: [{ line: 1, column: 1, message: words.boards.faults.noJson }] }
  }
  if (faults.length > 0) return { board: undefined, faults }
  const found: NodeFault[] = []
  check(tree, schema as Schema, '', found)
  const board = found.length > 0 ? undefined : (JSON.parse(text) as Board)
  if (board !== undefined) found.push(...meaningFaults(board, tree))
  if (board !== undefined && found.length === 0) return { board, faults: [] }
  return {
    board: undefined,
    faults: found
      .slice(0, limits.boardFaultsMax)
      .map(({ node, message }) => ({ ...placeOf(text, node.offset), message })),
  }
}

/** What a code of the parser means; the code itself where it has no words. */
function inWords(code: string): string {
  return words.boards.faults.syntax[code] ?? code
}

/** The part of JSON Schema that board.schema.json uses. */
interface Schema {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  /** What every member of an object is that has no property of its own. */
  readonly additionalProperties?: boolean | Schema
  readonly maxProperties?: number
  readonly items?: Schema
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly maxItems?: number
  readonly pattern?: string
}

function check(node: Node, wanted: Schema, path: string, found: NodeFault[]): void {
  const { faults } = words.boards
  const say = (message: string, at: Node = node): void => {
    found.push({ node: at, message: path === '' ? message : `${path}: ${message}` })
  }
  if (wanted.enum !== undefined && !wanted.enum.includes(node.value)) {
    say(faults.oneOf(wanted.enum.join(', ')))
    return
  }
  if (wanted.type !== undefined && !isOf(node, wanted.type)) {
    say(faults.expected(faults.types[wanted.type] ?? wanted.type))
    return
  }
  if (typeof node.value === 'number') {
    if (wanted.minimum !== undefined && node.value < wanted.minimum) say(faults.atLeast(count(wanted.minimum)))
    if (wanted.maximum !== undefined && node.value > wanted.maximum) say(faults.atMost(count(wanted.maximum)))
  }
  if (typeof node.value === 'string') {
    if (node.value.length < (wanted.minLength ?? 0)) say(faults.emptyText)
    if (node.value.length > (wanted.maxLength ?? Number.POSITIVE_INFINITY))
      say(faults.charactersMost(count(wanted.maxLength ?? 0)))
    if (wanted.pattern !== undefined && !new RegExp(wanted.pattern).test(node.value))
      say(faults.pattern(wanted.pattern))
  }
  if (node.type === 'array') {
    const items = node.children ?? []
    if (items.length > (wanted.maxItems ?? Number.POSITIVE_INFINITY)) say(faults.itemsMost(count(wanted.maxItems ?? 0)))
    if (wanted.items !== undefined)
      for (const [at, item] of items.entries()) check(item, wanted.items, `${path}[${at}]`, found)
  }
  const others = typeof wanted.additionalProperties === 'object' ? wanted.additionalProperties : undefined
  if (node.type !== 'object' || (wanted.properties ?? others) === undefined) return
  const { properties = {}, maxProperties = Number.POSITIVE_INFINITY } = wanted
  const names = new Set<string>()
  for (const { children: [key, value] = [] } of node.children ?? []) {
    if (key === undefined || value === undefined) continue
    const name = String(key.value)
    names.add(name)
    const property = Object.hasOwn(properties, name) ? properties[name] : others
    if (property === undefined) say(faults.unknown(name, Object.keys(properties).join(', ')), key)
    else check(value, property, path === '' ? name : `${path}.${name}`, found)
  }
  if (names.size > maxProperties) say(faults.itemsMost(count(maxProperties)))
  for (const name of wanted.required ?? []) if (!names.has(name)) say(faults.missing(name))
}

function isOf({ type, value }: Node, wanted: string): boolean {
  return wanted === 'integer' ? Number.isInteger(value) : type === wanted
}

function placeOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split('\n')
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}
