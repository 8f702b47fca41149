import { WeirError } from '../error.ts'
import { subjectFault } from './subject.ts'

/**
 * Throws `malformed` unless the value is a filter: a subject in which `*` stands for a token and a
 * final `>` for one or more.
 */
export function checkFilter(value: string): void {
  const fault = subjectFault(value, true)
  if (fault !== undefined) throw new WeirError('malformed', fault)
}

export function isFilter(value: string): boolean {
  return subjectFault(value, true) === undefined
}

/**
 * A function that tells whether a subject matches one of the filters. What can be decided is
 * decided here, once, so that a call on the hot path is flat. All filters must be valid.
 */
export function compileFilters(filters: readonly string[]): (subject: string) => boolean {
  const tests = canonicalFilters(filters).map(compileFilter)
  const [first] = tests
  return tests.length === 1 && first !== undefined ? first : oneOf(tests)
}

/** Whether a valid filter matches a valid subject. */
export function filterMatches(filter: string, subject: string): boolean {
  return compileFilter(filter)(subject)
}

/** Whether each subject that `inner` matches is matched by `outer` as well. */
export function filterContains(outer: string, inner: string): boolean {
  const wide = outer.split('.')
  const narrow = inner.split('.')
  for (let at = 0; at < wide.length; at++) {
    const token = narrow[at]
    if (token === undefined) return false
    if (wide[at] === '>') return true
    if (token === '>') return false
    if (wide[at] !== '*' && wide[at] !== token) return false
  }
  return wide.length === narrow.length
}

/** Whether there is a subject that both match. */
export function filtersOverlap(left: string, right: string): boolean {
  const a = left.split('.')
  const b = right.split('.')
  for (let at = 0; ; at++) {
    const x = a[at]
    const y = b[at]
    if (x === undefined || y === undefined) return x === y
    if (x === '>' || y === '>') return true
    if (x !== '*' && y !== '*' && x !== y) return false
  }
}

/** The same set in its one canonical form: sorted, without filters that another one contains. */
export function canonicalFilters(filters: readonly string[]): string[] {
  const unique = [...new Set(filters)]
  return unique
    .filter((inner) => !unique.some((outer) => outer !== inner && filterContains(outer, inner)))
    .sort((a, b) => (a < b ? -1 : 1))
}

/**
 * One filter that matches whatever one of the filters, at least one, matches: as narrow as their
 * tokens allow place by place.
 */
export function commonFilter(filters: readonly string[]): string {
  const all = filters.map((filter) => filter.split('.'))
  const [first = []] = all
  const length = Math.min(...all.map((tokens) => tokens.length))
  const isFlat = all.every((tokens) => tokens.length === length && tokens.at(-1) !== '>')
  // A final `>` stands for one token at least, so it takes the place of the last token of the
  // shortest.
  const merged = first
    .slice(0, isFlat ? length : length - 1)
    .map((token, at) => (all.every((tokens) => tokens[at] === token) ? token : '*'))
  return (isFlat ? merged : [...merged, '>']).join('.')
}

// Each kind of test is made by a function of its own: a closure keeps every variable of the
// function that made it in memory.

function compileFilter(filter: string): (subject: string) => boolean {
  if (filter === '>') return () => true
  if (filter.includes('*')) return likeTokens(filter.split('.'))
  return filter.endsWith('.>') ? under(filter.slice(0, -1)) : exactly(filter)
}

function oneOf(tests: readonly ((subject: string) => boolean)[]): (subject: string) => boolean {
  return (subject) => {
    for (const test of tests) if (test(subject)) return true
    return false
  }
}

function exactly(filter: string): (subject: string) => boolean {
  return (subject) => subject === filter
}

function under(prefix: string): (subject: string) => boolean {
  return (subject) => subject.length > prefix.length && subject.startsWith(prefix)
}

function likeTokens(tokens: readonly string[]): (subject: string) => boolean {
  return (subject) => matchTokens(tokens, subject)
}

function matchTokens(tokens: readonly string[], subject: string): boolean {
  let start = 0
  for (const token of tokens) {
    if (start > subject.length) return false
    if (token === '>') return true
    const dot = subject.indexOf('.', start)
    const end = dot < 0 ? subject.length : dot
    if (token !== '*' && (end - start !== token.length || !subject.startsWith(token, start))) return false
    start = end + 1
  }
  return start === subject.length + 1
}
