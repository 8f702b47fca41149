import type { Declaration, Environment } from './config.ts'

/**
 * A sentence for each variable that begins with WEIR_, is not read here, and looks like one that
 * is. A service does not complain about the others: they may be meant for another service of the
 * same machine.
 */
export function envTypos(declaration: Declaration, env: Environment): string[] {
  const known = Object.values(declaration).map((setting) => setting.env)
  return Object.keys(env)
    .filter((name) => name.startsWith('WEIR_') && !known.includes(name))
    .flatMap((name) => {
      const meant = known.find((candidate) => editDistance(name, candidate) <= 2)
      return meant === undefined ? [] : [`${name} is not read here. Did you mean ${meant}?`]
    })
}

/**
 * How many characters must be inserted, removed or replaced to make one of the other (Levenshtein).
 */
function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, at) => at)
  for (let at = 1; at <= left.length; at++) {
    const next = [at]
    for (let to = 1; to <= right.length; to++) {
      const replaced = (row[to - 1] ?? 0) + (left[at - 1] === right[to - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[to] ?? 0) + 1, (next[to - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[right.length] ?? 0
}
