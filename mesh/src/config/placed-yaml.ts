import {
  type Document,
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  type Scalar,
  visit,
} from 'yaml'
import { limits } from './limits.ts'

/** Where a fault is: the keys from the root to a value, and perhaps a place in its text. */
export type FaultPath = readonly (string | number | TextOffset)[]

/** A place in a text value, in UTF-16 units from its begin. */
export interface TextOffset {
  readonly offset: number
}

export type ReportFault = (path: FaultPath, message: string) => void

/** A fault of a YAML file. Line and column count from 1. */
export interface PlacedFault {
  readonly line: number
  readonly column: number
  /** Such as `routes[2].path`; empty for the file as a whole. */
  readonly path: string
  readonly message: string
}

/**
 * Reads the text of a YAML (or JSON) file: `read` checks its value, and reports each fault by its
 * path. What it gives is to be used only where there are no faults; they are in the file's order.
 */
export function readPlacedYaml<Value>(
  text: string,
  read: (value: unknown, report: ReportFault) => Value,
): { readonly value: Value | undefined; readonly faults: readonly PlacedFault[] } {
  const faults: PlacedFault[] = []
  if (text.length > limits.yamlBytesMax) {
    const message = `the file is larger than ${limits.yamlBytesMax / 1_048_576} MiB`
    return { value: undefined, faults: [{ line: 1, column: 1, path: '', message }] }
  }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const report = (offset: number, path: FaultPath, message: string): void => {
    faults.push({ ...place(lines, offset), path: pathText(path), message })
  }
  for (const { pos, message } of document.errors) report(pos[0], [], message)
  const content = faults.length === 0 ? unfolded(document, report) : undefined
  const value =
    faults.length === 0
      ? read(content, (path, message) => report(offsetOf(document, path, text), path, message))
      : undefined
  return { value, faults: faults.toSorted((a, b) => a.line - b.line || a.column - b.column) }
}

/** A line a fault, as editors and terminals know them: `routes.yaml:3:5: routes[0].path: ...`. */
export function faultLines(file: string, faults: readonly PlacedFault[]): readonly string[] {
  return faults.map(({ line, column, path, message }) => {
    return `${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}${message}`
  })
}

/** A few aliases of aliases may stand for more than any memory holds. */
function unfolded(document: Document, report: (offset: number, path: FaultPath, message: string) => void): unknown {
  try {
    return document.toJS({ maxAliasCount: limits.yamlAliasesMax })
  } catch (cause) {
    let offset = 0
    visit(document, {
      Alias(_key, node) {
        offset = node.range?.[0] ?? 0
        return visit.BREAK
      },
    })
    const reason = cause instanceof Error ? cause.message : String(cause)
    report(offset, [], `the aliases (*name) of this file cannot be followed, write what they stand for: ${reason}`)
    return undefined
  }
}

/**
 * Where in the text the value of a path stands, or its key, or the nearest thing around it that
 * exists.
 */
function offsetOf(document: Document, path: FaultPath, text: string): number {
  const last = path.at(-1)
  if (typeof last === 'object') {
    const node = document.getIn(path.slice(0, -1), true)
    if (isScalar(node) && node.range) return offsetInScalar(node, last.offset, text)
    return offsetOf(document, path.slice(0, -1), text)
  }
  for (let length = path.length; length >= 0; length--) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return keyOffset(document, path.slice(0, length)) ?? node.range[0]
  }
  return 0
}

/**
 * Where a place within a scalar's value stands in the file; behind an escape in quotes it is off by
 * a few characters.
 */
function offsetInScalar(node: Scalar, offset: number, text: string): number {
  const begin = node.range?.[0] ?? 0
  if (node.type === 'PLAIN') return begin + offset
  if (node.type !== 'BLOCK_LITERAL' && node.type !== 'BLOCK_FOLDED') return begin + 1 + offset
  const before = String(node.value).slice(0, offset).split('\n')
  let lineBegin = text.indexOf('\n', begin) + 1
  const indent = /^ */.exec(text.slice(lineBegin))?.[0].length ?? 0
  for (let line = 1; line < before.length; line++) lineBegin = text.indexOf('\n', lineBegin) + 1
  return lineBegin + indent + (before.at(-1)?.length ?? 0)
}

/** The place of a field's name, which is where a person looks for the fault. */
function keyOffset(document: Document, path: FaultPath): number | undefined {
  const name = path.at(-1)
  const parent = document.getIn(path.slice(0, -1), true)
  if (typeof name !== 'string' || !isMap(parent)) return undefined
  const pair = parent.items.find((item) => isPair(item) && (item.key as Node & { value?: unknown }).value === name)
  return (pair?.key as Node | undefined)?.range?.[0]
}

function place(lines: LineCounter, offset: number): { readonly line: number; readonly column: number } {
  const { line, col } = lines.linePos(offset)
  return { line: Math.max(1, line), column: Math.max(1, col) }
}

function pathText(path: FaultPath): string {
  let text = ''
  for (const key of path) {
    if (typeof key !== 'object') text += typeof key === 'number' ? `[${key}]` : text === '' ? key : `.${key}`
  }
  return text
}
