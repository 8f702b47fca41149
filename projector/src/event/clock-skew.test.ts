import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, toBinary } from '@bufbuild/protobuf'
import { EventSchema, timestampFromMilliseconds } from '@weir/proto'
import { limits } from '../limits.ts'
import { ClockSkew } from './clock-skew.ts'
import { EventRecord } from './event-record.ts'

function record(source: string, aheadMs: number): EventRecord {
  const storedAtMs = 1_700_000_000_000
  const time = timestampFromMilliseconds(storedAtMs + aheadMs)
  assert.ok(time !== undefined)
  return new EventRecord('a.b', 1, 1, storedAtMs, toBinary(EventSchema, create(EventSchema, { source, time })))
}

test('an event did not happen after it was stored, whatever its producer says', () => {
  const ahead = record('fast', 25_000)
  assert.equal(ahead.happenedAtMs, ahead.storedAtMs)
  assert.equal(ahead.aheadMs, 25_000)
  const late = record('slow', -25_000)
  assert.equal(late.happenedAtMs, late.storedAtMs - 25_000)
  assert.equal(late.aheadMs, 0)
})

test('a clock that is ahead is counted by its source, and too many sources together', () => {
  const skew = new ClockSkew()
  skew.note(record('honest', 500))
  skew.note(record('fast', 25_000))
  skew.note(record('fast', 26_000))
  assert.deepEqual([...skew.bySource], [['fast', { events: 2, lastAheadMs: 26_000 }]])
  for (let at = 0; at < 2 * limits.skewSourcesMax; at++) skew.note(record(`s${at}`, 5_000))
  assert.equal(skew.bySource.size, limits.skewSourcesMax + 1)
  assert.equal(skew.bySource.get('other')?.events, limits.skewSourcesMax + 1)
})
