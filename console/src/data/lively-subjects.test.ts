import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LivelySubjects } from './lively-subjects.ts'

const names = (lively: LivelySubjects<number>): readonly string[] => lively.ranked().map(({ subject }) => subject)

test('the liveliest stand first, those that are about as lively by their names', () => {
  const lively = new LivelySubjects<number>()
  for (let at = 0; at < 40; at++) lively.changed('busy', at)
  for (const subject of ['b', 'a', 'c']) lively.changed(subject, 1)
  lively.changed('c', 2)
  lively.changed('a', 7)
  assert.deepEqual(names(lively), ['busy', 'a', 'c', 'b'])
  assert.equal(lively.ranked().find(({ subject }) => subject === 'a')?.item, 7, 'with what came last')
})

test('a steady stream keeps its places, and what falls silent leaves', () => {
  const lively = new LivelySubjects<number>()
  const subjects = Array.from({ length: 12 }, (_, at) => `s${String(at).padStart(2, '0')}`)
  let before: readonly string[] = []
  let moved = 0
  for (let second = 0; second < 300; second++) {
    // Each every third second, and now and then a second early or late.
    for (const [at, subject] of subjects.entries()) {
      if ((second + at + ((second * 7 + at * 5) % 11 === 0 ? 1 : 0)) % 3 === 0) lively.changed(subject, second)
    }
    const now = names(lively)
    if (second > 150) moved += now.filter((subject, at) => subject !== before[at]).length
    before = now
  }
  assert.ok(moved <= 12, `${moved} rows took another place in 150 seconds`)
  for (let second = 0; second < 1_500; second++) lively.ranked()
  assert.deepEqual(names(lively), [])
})
