import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import { EventSchema, timestampFromMilliseconds } from '@weir/proto'
import { EventRecord } from '../../event/event-record.ts'
import { NewestEvents } from './newest-events.ts'

const storedAtMs = 1_700_000_000_000
let seq = 0

/**
 * An event that is stored now, and happened so long before; without a time where that is undefined.
 */
function record(init: MessageInitShape<typeof EventSchema>['data'], agoMs: number | undefined): EventRecord {
  const time = agoMs === undefined ? undefined : timestampFromMilliseconds(storedAtMs - agoMs)
  const event = create(EventSchema, {
    ...(time === undefined ? {} : { time }),
    ...(init === undefined ? {} : { data: init }),
  })
  return new EventRecord('a.b', 1, ++seq, storedAtMs, toBinary(EventSchema, event))
}

test('what happened before the newest is none, whatever kind of data it has', () => {
  const kinds: readonly MessageInitShape<typeof EventSchema>['data'][] = [
    { case: 'reading', value: { metrics: { a: 1 } } },
    { case: 'stateChange', value: { entity: 'door', to: 'open' } },
    { case: 'step', value: { name: 'build', status: 3 } },
    { case: 'json', value: '{"a":1}' },
  ]
  for (const data of kinds) {
    const newest = new NewestEvents(3_600_000)
    const fresh = record(data, 1_000)
    assert.deepEqual(newest.take('k', fresh), fresh.payload)
    assert.equal(newest.take('k', record(data, 300_000)), undefined)
    assert.notEqual(newest.take('k', record(data, 1_000)), undefined)
    assert.notEqual(newest.take('k', record(data, 0)), undefined)
  }
})

test('a value says the time that counts, so that a restart goes on from it', () => {
  const newest = new NewestEvents(3_600_000)
  const again = new NewestEvents(3_600_000)
  for (const agoMs of [undefined, -25_000]) {
    const value = newest.take('k', record(undefined, agoMs))
    assert.ok(value !== undefined && value !== 'full')
    assert.deepEqual(fromBinary(EventSchema, value).time, timestampFromMilliseconds(storedAtMs))
    again.adopt('k', { epoch: 1, seq }, value)
  }
  assert.equal(again.take('k', record(undefined, 1)), undefined)
  assert.notEqual(again.take('k', record(undefined, 0)), undefined)
})
