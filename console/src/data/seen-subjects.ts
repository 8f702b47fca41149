import { compileFilters, isFilter } from '@weir/proto/filter'
import { limits } from '../limits.ts'
import { isWanted, type Query, quotedValue } from './query.ts'

/**
 * Subjects, labels and types that this page has seen, to complete what is typed and to say what a
 * filter matches.
 */
export class SeenSubjects {
  readonly #subjects = new Set<string>()
  /** Labels and type of some of them, the newest last. */
  readonly #read = new Map<string, { readonly labels: Labels; readonly kind: string }>()

  /** Past the bound further subjects are not remembered. */
  add(subject: string): void {
    if (this.#subjects.size < limits.seenSubjectsMax) this.#subjects.add(subject)
  }

  /** Takes labels and type of an event. It is told of a few events a second, not of each. */
  read(subject: string, labels: Labels, kind: string): void {
    this.add(subject)
    this.#read.delete(subject)
    this.#read.set(subject, { labels, kind })
    const [oldest] = this.#read.size > limits.readSubjectsMax ? this.#read.keys() : []
    if (oldest !== undefined) this.#read.delete(oldest)
  }

  /** How many of them a query matches, and the first ones; undefined while a term is none. */
  matched(query: Query): { readonly count: number; readonly first: readonly string[] } | undefined {
    if (query.wrong.length > 0) return undefined
    const test = compileFilters(query.filters)
    const first: string[] = []
    let count = 0
    for (const subject of this.#subjectsFor(query)) {
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
   * What may follow: labels and types that begin so, or the next token of the subjects that do,
   * most frequent first, and `*` and `>` where they shorten.
   */
  complete(typed: string): readonly string[] {
    const terms = typed === '' ? [] : this.#terms().filter((term) => term.startsWith(typed))
    const tokens = /^(?:label\.|type=)/.test(typed) ? [] : this.#tokens(typed)
    return [...tokens, ...terms.slice(0, limits.suggestionsMax)].filter((text) => text !== typed)
  }

  /** Of a query that compares labels or types only those whose events were read. */
  *#subjectsFor(query: Query): Iterable<string> {
    if (query.labels.length === 0 && query.types.length === 0) return yield* this.#subjects
    for (const [subject, { labels, kind }] of this.#read) if (isWanted(query, labels, kind)) yield subject
  }

  /** Labels and types as terms of a query, most frequent first. */
  #terms(): readonly string[] {
    const counts = new Map<string, number>()
    const count = (term: string): void => void counts.set(term, (counts.get(term) ?? 0) + 1)
    for (const { labels, kind } of this.#read.values()) {
      for (const [name, value] of Object.entries(labels)) count(`label.${name}=${quotedValue(value)}`)
      if (kind !== '') count(`type=${quotedValue(kind)}`)
    }
    return byCount(counts)
  }

  #tokens(typed: string): readonly string[] {
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
      const text = head + token + (isLast ? '' : '.')
      next.set(text, (next.get(text) ?? 0) + 1)
    }
    const star = next.size > 1 ? [deeper ? `${head}*.` : `${head}*`] : []
    const wild = begun === '' && (next.size > 1 || deeper) ? [...star, `${head}>`] : []
    return [...byCount(next).slice(0, limits.suggestionsMax), ...wild]
  }
}

/** With `r9` before `r10`. */
const naturally = new Intl.Collator('en', { numeric: true }).compare

type Labels = Readonly<Record<string, string>>

function byCount(counts: ReadonlyMap<string, number>): readonly string[] {
  return [...counts].sort(([a, some], [b, other]) => other - some || naturally(a, b)).map(([text]) => text)
}
