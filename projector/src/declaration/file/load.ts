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
import { limits } from '../../limits.ts'
import type { FaultPath } from '../kind-declaration.ts'
import type { ProjectionSpec } from '../projection-spec.ts'
import { type Declarations, readDeclarations } from './schema.ts'

/** A fault of the file of projections. Line and column count from 1. */
export interface DeclarationFault {
  readonly line: number
  readonly column: number
  /** Such as `projections[2].ttl`; empty for the file as a whole. */
  readonly path: string
  readonly message: string
}

/** Thrown with every fault at once. */
export class DeclarationError extends Error {
  override readonly name = 'DeclarationError'
  readonly faults: readonly DeclarationFault[]

  constructor(file: string, unsorted: readonly DeclarationFault[]) {
    const faults = unsorted.toSorted((a, b) => a.line - b.line || a.column - b.column)
    const lines = faults.map(({ line, column, path, message }) => {
      return `${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}${message}`
    })
    super(`The projections cannot be used:\n  ${lines.join('\n  ')}`)
    this.faults = faults
  }
}

/**
 * Reads the text of a file of projections. Throws DeclarationError. What every mesh has is added
 * unless the file declares it: the bucket `alerts`.
 */
export function loadDeclarations(text: string, file: string): Declarations {
  if (text.length > limits.declarationBytesMax) {
    throw new DeclarationError(file, [{ line: 1, column: 1, path: '', message: 'the file is larger than 1 MiB' }])
  }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  if (document.errors.length > 0) {
    const faults = document.errors.map(({ pos, message }) => ({ ...place(lines, pos[0]), path: '', message }))
    throw new DeclarationError(file, faults)
  }
  const faults: DeclarationFault[] = []
  const declarations = readDeclarations(unfolded(document, file, lines), (path, message) => {
    faults.push({ ...place(lines, offsetOf(document, path, text)), path: pathText(path), message })
  })
  if (faults.length > 0) throw new DeclarationError(file, faults)
  return declarations
}

/** The projections of such a file alone. */
export function loadProjections(text: string, file: string): readonly ProjectionSpec[] {
  return loadDeclarations(text, file).projections
}

/** What is declared when there is no file. */
export const defaultDeclarations: Declarations = loadDeclarations(
  `projections:
  - { name: latest, kind: latest, from: '>', bucket: latest, ttl: 1h }
  - { name: history, kind: history, from: '>', retention: 30d }
`,
  'the defaults',
)

export const defaultProjections: readonly ProjectionSpec[] = defaultDeclarations.projections

/** A few aliases of aliases may stand for more than any memory holds. */
function unfolded(document: Document, file: string, lines: LineCounter): unknown {
  try {
    return document.toJS({ maxAliasCount: limits.declarationAliasesMax })
  } catch (cause) {
    let offset = 0
    visit(document, {
      Alias(_key, node) {
        offset = node.range?.[0] ?? 0
        return visit.BREAK
      },
    })
    const reason = cause instanceof Error ? cause.message : String(cause)
    const message = `the aliases (*name) of this file cannot be followed, write what they stand for: ${reason}`
    throw new DeclarationError(file, [{ ...place(lines, offset), path: '', message }])
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
