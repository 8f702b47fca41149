import { compileFilters, isFilter } from '@weir/proto/filter'
import { limits } from '../limits.ts'

/**
 * Subjects, labels and types that this page has seen, to complete what is typed and to say what a
 * filter matches.
 */
export class SeenSubjects {
  readonly #subjects = new Set<string>()

  /** Past the bound further subjects are not remembered. */
  add(subject: string): void {
    if (this.#subjects.size < limits.seenSubjectsMax) this.#subjects.add(subject)
  }

  /** How many of them a filter matches, and the first ones; undefined while it is none. */
  matched(filters: readonly string[]): { readonly count: number; readonly first: readonly string[] } | undefined {
    if (filters.length === 0 || !filters.every(isFilter)) return undefined
    const test = compileFilters(filters)
    const first: string[] = []
    let count = 0
    for (const subject of this.#subjects) {
      if (!test(subject)) continue
      count++
      if (first.length < limits.suggestionsMax) first.push(subject)
    }
    return { count, first: first.sort() }
  }

  /** What stands at one place of the subjects that a filter matches, in its order. */
  tokensAt(filter: string, place: number): readonly string[] {
    if (!isFilter(filter)) return []
    const test = compileFilters([filter])
    const tokens = new Set<string>()
    for (const subject of this.#subjects) {
      const token = subject.split('.')[place]
      if (token !== undefined && test(subject)) tokens.add(token)
      if (tokens.size >= limits.valuesOfferedMax) break
    }
    return [...tokens].sort(naturally)
  }

  /**
   * What may follow: the next token of the subjects that begin so, most frequent first, and `*` and
   * `>` where they shorten.
   */
  complete(typed: string): readonly string[] {
    const at = typed.lastIndexOf('.') + 1
    const head = typed.slice(0, at)
    const begun = typed.slice(at)
    const tokens = head.split('.').slice(0, -1)
    const next = new Map<string, number>()
    let deeper = false
    for (const subject of this.#subjects) {
      const parts = subject.split('.')
      if (parts.length <= tokens.length || !tokens.every((token, i) => token === '*' || token === parts[i])) continue
      const token = parts[tokens.length] ?? ''
      if (!token.startsWith(begun)) continue
      const isLast = parts.length === tokens.length + 1
      deeper ||= !isLast
      next.set(head + token + (isLast ? '' : '.'), (next.get(head + token + (isLast ? '' : '.')) ?? 0) + 1)
    }
    const found = [...next].sort((a, b) => b[1] - a[1]).slice(0, limits.suggestionsMax)
    const wild = begun === '' && next.size > 1 ? [...(deeper ? [`${head}*.`] : [`${head}*`]), `${head}>`] : []
    return [...found.map(([text]) => text), ...wild].filter((text) => text !== typed)
  }
}

/** With `r9` before `r10`. */
const naturally = new Intl.Collator('en', { numeric: true }).compare
