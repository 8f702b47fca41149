import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  canonicalFilters,
  commonFilter,
  compileFilters,
  filterContains,
  filterMatches,
  filtersOverlap,
  isFilter,
} from './filter.ts'

// Filters have at most four tokens over {a, b}. The token z stands for any other, and subjects of
// five tokens for any longer one, so what holds for these subjects holds for all.
const subjects = subjectsUpTo(5, ['a', 'b', 'z'])
const filter = fc
  .tuple(fc.array(fc.constantFrom('a', 'b', '*'), { maxLength: 3 }), fc.constantFrom('a', 'b', '*', '>'))
  .map(([tokens, last]) => [...tokens, last].join('.'))
const filterSet = fc.array(filter, { minLength: 1, maxLength: 6 })

test('a filter matches what a naive matcher matches', () => {
  fc.assert(
    fc.property(filter, (value) => {
      assert.ok(isFilter(value))
      for (const subject of subjects) assert.equal(filterMatches(value, subject), naive(value, subject), subject)
    }),
  )
})

test('a token is compared whole', () => {
  for (const [value, subject] of [
    ['rooms.*', 'rooms.r1.x'],
    ['rooms.>', 'rooms'],
    ['rooms.>', 'roomsx.a'],
    ['*.r1', 'rooms.r12'],
    ['*.r12', 'rooms.r1'],
    ['a.*.c', 'a.b'],
  ] as const) {
    assert.equal(filterMatches(value, subject), false, `${value} ${subject}`)
  }
})

test('a set of filters matches what one of them matches', () => {
  fc.assert(
    fc.property(filterSet, (filters) => {
      const matches = compileFilters(filters)
      for (const subject of subjects) {
        assert.equal(
          matches(subject),
          filters.some((value) => naive(value, subject)),
          subject,
        )
      }
    }),
  )
})

test('a filter contains another exactly when it matches all that the other matches', () => {
  fc.assert(
    fc.property(filter, filter, (outer, inner) => {
      const contained = subjects.every((subject) => !naive(inner, subject) || naive(outer, subject))
      assert.equal(filterContains(outer, inner), contained)
    }),
  )
})

test('two filters overlap exactly when a subject is matched by both', () => {
  fc.assert(
    fc.property(filter, filter, (left, right) => {
      const shared = subjects.some((subject) => naive(left, subject) && naive(right, subject))
      assert.equal(filtersOverlap(left, right), shared)
      assert.equal(filtersOverlap(right, left), shared)
    }),
  )
})

test('the common filter matches what one of the filters matches, and is the filter where there is one', () => {
  fc.assert(
    fc.property(filterSet, (filters) => {
      const common = commonFilter(filters)
      assert.ok(isFilter(common), common)
      for (const each of filters) assert.ok(filterContains(common, each), `${common} does not contain ${each}`)
      assert.equal(commonFilter(filters.slice(0, 1)), filters[0])
    }),
  )
  assert.equal(commonFilter(['rooms', 'rooms.>']), '>')
  assert.equal(commonFilter(['rooms.r1.a', 'rooms.r2.a']), 'rooms.*.a')
  assert.equal(commonFilter(['rooms.r1', 'rooms.r1.a', 'rooms.r1.b.>']), 'rooms.>')
})

test('the canonical set matches the same, has no filter too many, and does not depend on order', () => {
  fc.assert(
    fc.property(filterSet, (filters) => {
      const canonical = canonicalFilters(filters)
      for (const subject of subjects) {
        const before = filters.some((value) => naive(value, subject))
        assert.equal(
          canonical.some((value) => naive(value, subject)),
          before,
        )
      }
      for (const inner of canonical) {
        assert.ok(!canonical.some((outer) => outer !== inner && filterContains(outer, inner)), canonical.join(' '))
      }
      assert.deepEqual(canonicalFilters([...filters].reverse()), canonical)
      assert.deepEqual(canonicalFilters(canonical), canonical)
    }),
  )
})

function naive(value: string, subject: string): boolean {
  return matchTokens(value.split('.'), subject.split('.'))
}

function matchTokens([head, ...filters]: readonly string[], [token, ...rest]: readonly string[]): boolean {
  if (head === undefined || token === undefined) return head === token
  if (head === '>') return true
  return (head === '*' || head === token) && matchTokens(filters, rest)
}

function subjectsUpTo(length: number, tokens: readonly string[]): string[] {
  if (length === 1) return [...tokens]
  const shorter = subjectsUpTo(length - 1, tokens)
  return [...new Set([...shorter, ...shorter.flatMap((subject) => tokens.map((token) => `${subject}.${token}`))])]
}
