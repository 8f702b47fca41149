import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StreamState } from '../streams/stream-state.ts'
import { compareWithStream, isAnother, type Known } from './comparison.ts'

const stream: StreamState = {
  epoch: 7,
  firstSeq: 1,
  lastSeq: 10,
  messages: 10,
  bytes: 0,
  maxBytes: 0,
  maxAgeMs: 0,
  firstAtUs: 0,
  lastAtUs: 0,
  shards: 1,
}
const known: Known = { epoch: 7, askedHead: 10, head: 10, flowing: true, uncomparedMs: 0, markersMs: 1_000 }

const cases: readonly (readonly [string, Partial<StreamState>, Partial<Known>, string])[] = [
  ['nothing is missing', {}, {}, 'repair'],
  ['more arrived while it was asked', {}, { head: 12 }, 'repair'],
  ['what is missing is on its way', { lastSeq: 11 }, {}, 'late'],
  ['what is missing while nothing flows is read', { lastSeq: 11 }, { flowing: false }, 'repair'],
  ['another incarnation', { epoch: 8 }, {}, 'void, reset'],
  ['another incarnation that is further on', { epoch: 8, lastSeq: 99 }, {}, 'void, reset'],
  ['set back', { lastSeq: 9 }, {}, 'void, reset'],
  ['set back to what was reached while it was asked', { lastSeq: 10 }, { askedHead: 11, head: 11 }, 'void, reset'],
  ['markers are gone', { lastSeq: 11 }, { uncomparedMs: 1_001 }, 'void'],
  ['markers are gone, but nothing was missed', {}, { uncomparedMs: 1_001 }, 'repair'],
  ['a source without removals', { lastSeq: 11 }, { uncomparedMs: 1e9, markersMs: undefined }, 'late'],
]

for (const [what, changedStream, changedKnown, expected] of cases) {
  test(what, () => {
    const outcome = compareWithStream({ ...stream, ...changedStream }, { ...known, ...changedKnown })
    assert.equal(outcome.kind === 'void' && outcome.reset ? 'void, reset' : outcome.kind, expected)
  })
}

test('a stream is another one when it was made anew or set back', () => {
  assert.equal(isAnother(stream, stream), false)
  assert.equal(isAnother({ ...stream, lastSeq: 11 }, stream), false)
  assert.equal(isAnother({ ...stream, lastSeq: 9 }, stream), true)
  assert.equal(isAnother({ ...stream, epoch: 8 }, stream), true)
})
