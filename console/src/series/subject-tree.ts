import { limits } from '../limits.ts'

/** A place in the tree of subjects. */
export interface TreeNode {
  /**
   * `rooms.r17.`: what the subjects below it begin with; without the dot it is a subject itself. Of
   * the rest of a level it is where that begins.
   */
  readonly path: string
  readonly token: string
  readonly depth: number
  /** Subjects at or below it. */
  readonly count: number
  /** What a level has beyond its first places is its rest. */
  readonly kind: 'branch' | 'leaf' | 'rest'
}

/**
 * The children of a prefix (`` or `rooms.`) among sorted subjects. Costs a few binary searches a
 * child, whatever is below it.
 */
export function childrenOf(sorted: readonly string[], prefix: string, most: number): readonly TreeNode[] {
  const [begin, end] = rangeOf(sorted, prefix)
  const depth = prefix === '' ? 0 : prefix.split('.').length - 1
  const found: TreeNode[] = []
  let at = begin
  while (at < end && found.length < most) {
    const subject = sorted[at] ?? ''
    const dot = subject.indexOf('.', prefix.length)
    if (dot === -1) {
      found.push({ path: subject, token: subject.slice(prefix.length), depth, count: 1, kind: 'leaf' })
      at++
      continue
    }
    const path = subject.slice(0, dot + 1)
    const next = lowerBound(sorted, afterPrefix(path), at)
    found.push({ path, token: path.slice(prefix.length, -1), depth, count: next - at, kind: 'branch' })
    at = next
  }
  if (at < end) found.push({ path: sorted[at] ?? '', token: '', depth, count: end - at, kind: 'rest' })
  return found
}

/** Which of the sorted subjects begin with a prefix. */
export function rangeOf(sorted: readonly string[], prefix: string): readonly [begin: number, end: number] {
  if (prefix === '') return [0, sorted.length]
  const begin = lowerBound(sorted, prefix, 0)
  if (!prefix.endsWith('.')) return [begin, sorted[begin] === prefix ? begin + 1 : begin]
  return [begin, lowerBound(sorted, afterPrefix(prefix), begin)]
}

/** The tree as rows: what is open is followed by what is in it. */
export function openRows(sorted: readonly string[], open: ReadonlySet<string>): readonly TreeNode[] {
  const rows: TreeNode[] = []
  const walk = (prefix: string): void => {
    for (const node of childrenOf(sorted, prefix, limits.treeLevelMax)) {
      rows.push(node)
      if (node.kind === 'branch' && open.has(node.path)) walk(node.path)
    }
  }
  walk('')
  return rows
}

/**
 * The first text after all that begin with this prefix, which ends with a dot: "/" follows "." in
 * ASCII.
 */
function afterPrefix(prefix: string): string {
  return `${prefix.slice(0, -1)}/`
}

function lowerBound(sorted: readonly string[], text: string, from: number): number {
  let low = from
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? '') < text) low = middle + 1
    else high = middle
  }
  return low
}
