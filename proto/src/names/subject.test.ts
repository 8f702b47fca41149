import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { WeirError } from '../error.ts'
import { isFilter } from './filter.ts'
import { checkSource, checkSubject, checkTenant, isSubject } from './subject.ts'

const good = ['a', 'rooms.r17.alpha', 'A-Z.0_9.k=v', 't.'.repeat(15).concat('t'), 'x'.repeat(255)]
const bad = [
  '',
  '.',
  '.a',
  'a.',
  'a..b',
  'a b',
  'a.*',
  'a.>',
  'é',
  'a\u0000',
  'a/b',
  't.'.repeat(16).concat('t'),
  'x'.repeat(256),
]

for (const subject of good) test(`"${subject.slice(0, 20)}" is a subject`, () => checkSubject(subject))

for (const subject of bad) {
  test(`${JSON.stringify(subject.slice(0, 20))} is no subject`, () => {
    assert.throws(
      () => checkSubject(subject),
      (error) => error instanceof WeirError && error.code === 'malformed',
    )
  })
}

test('a subject is what the grammar says', () => {
  const grammar = /^[A-Za-z0-9_=-]+(\.[A-Za-z0-9_=-]+){0,15}$/
  const candidate = fc.string({ unit: fc.constantFrom('a', 'Z', '9', '_', '=', '-', '.', '.', '*', '>', ' ', 'é') })
  fc.assert(fc.property(candidate, (text) => assert.equal(isSubject(text), grammar.test(text) && text.length <= 255)))
})

test('a filter is what the grammar says', () => {
  const grammar = /^(?:([A-Za-z0-9_=-]+|\*)(\.([A-Za-z0-9_=-]+|\*)){0,15}|(([A-Za-z0-9_=-]+|\*)\.){0,15}>)$/
  const candidate = fc.string({ unit: fc.constantFrom('a', '9', '_', '.', '.', '*', '>', ' ') })
  fc.assert(fc.property(candidate, (text) => assert.equal(isFilter(text), grammar.test(text) && text.length <= 255)))
})

test('a tenant is a short lower-case name', () => {
  for (const name of ['main', 'acme-2', 'x'.repeat(32)]) checkTenant(name)
  for (const name of ['', 'Main', 'a_b', 'a.b', 'x'.repeat(33)]) assert.throws(() => checkTenant(name), WeirError)
})

test('a source is "events" or the name of a bucket', () => {
  for (const name of ['events', 'latest', 'room_state-2']) checkSource(name)
  for (const name of ['', 'Events', 'a.b', '>', 'x'.repeat(65)]) assert.throws(() => checkSource(name), WeirError)
})
